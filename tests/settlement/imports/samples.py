"""One good file of each format, small enough to be read; names and numbers are invented."""

VIPPS_XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<SettlementReport xmlns="http://vipps.no/xmlschema/SettlementReport-3.0.xsd">
 <SettlementDetailsInfo>
  <SaleUnitName>Blomster paa nett</SaleUnitName><SerialNumber>513428</SerialNumber>
  <PaymentsInfo>
   <ReportDateFrom>2027-05-28</ReportDateFrom><ReportDateTo>2027-05-30</ReportDateTo>
   <SettlementCurrencyCode>NOK</SettlementCurrencyCode>
   <SettlementInfo>
    <SettlementDate>2027-05-31</SettlementDate><SettlementID>2000101</SettlementID>
    <SettlementCurrencyCode>NOK</SettlementCurrencyCode><SettlementType>Net</SettlementType>
    <TransactionInfo>
     <TransactionTime>2027-05-28T22:30:00Z</TransactionTime>
     <TransactionCaptureAmount>649.00</TransactionCaptureAmount>
     <TransactionRefundAmount>0.00</TransactionRefundAmount>
     <TransactionGrossAmount>649.00</TransactionGrossAmount><TransactionNetAmount>640.00</TransactionNetAmount>
     <TransactionFeeAmount>9.00</TransactionFeeAmount><SettlementCurrencyCode>NOK</SettlementCurrencyCode>
     <TransactionID>5554795401</TransactionID><OrderID>NO27-0000017</OrderID>
    </TransactionInfo>
    <TransactionInfo>
     <TransactionTime>2027-05-30T10:00:00+02:00</TransactionTime>
     <TransactionCaptureAmount>0.00</TransactionCaptureAmount>
     <TransactionRefundAmount>-149.00</TransactionRefundAmount>
     <TransactionGrossAmount>-149.00</TransactionGrossAmount><TransactionNetAmount>-149.00</TransactionNetAmount>
     <TransactionFeeAmount>0.00</TransactionFeeAmount><SettlementCurrencyCode>NOK</SettlementCurrencyCode>
     <TransactionID>5554795402</TransactionID><OrderID>NO27-0000017</OrderID>
    </TransactionInfo>
    <NumOfTransactions>2</NumOfTransactions>
    <CaptureSettlementAmount>649.00</CaptureSettlementAmount><RefundSettlementAmount>-149.00</RefundSettlementAmount>
    <GrossSettlementAmount>500.00</GrossSettlementAmount><NetSettlementAmount>491.00</NetSettlementAmount>
    <FeeSettlementAmount>9.00</FeeSettlementAmount><SettledAmount>491.00</SettledAmount>
   </SettlementInfo>
   <NumOfSettlements>1</NumOfSettlements>
  </PaymentsInfo>
 </SettlementDetailsInfo>
</SettlementReport>
"""

VIPPS_CSV = b"""SettlementInfo,SalesUnitName,SaleUnitNumber,SettlementDate,SettlementID,SettlementAccount,Gross,\
Currency,Fee,Refund,Net,NumberOfTransactions
SettlementInfo,Blomster,513428,31.05.2027,2000101,86011117947,649.00,NOK,-9.00,-149.00,640.00,2
TransactionInfo,SalesDate,SaleUnitName,SaleUnitNumber,TransactionId,SettlementId,OrderID,SettlementDate,Gross,Currency,\
Fee,Refund,Net
TransactionInfo,28.05.2027,Blomster,513428,5554795401,2000101,NO27-0000017,31.05.2027,649.00,NOK,-9.00,0.00,640.00
TransactionInfo,30.05.2027,Blomster,513428,5554795402,2000101,NO27-0000017,31.05.2027,0.00,NOK,0.00,-149.00,0.00
"""

VIPPS_NORWEGIAN = """Salgsdato;Salgssted;Vippsnummer;Produkt;Transaksjons-ID;Ordre-ID;Brutto;Gebyr;Netto;\
Transaksjonstype;Oppgjørs-ID;Oppgjørsdato;Oppgjørssum;Oppgjørskonto;Fornavn;Etternavn;Melding
28.05.2027;Oslo;513428;eCom;5554795401;NO27-0000017;649,00;9,00;640,00;Salg;2000101;31.05.2027;491,00;86011117947;\
Kari;Fiktiv;Takk
30.05.2027;Oslo;513428;eCom;5554795402;NO27-0000017;-149,00;0,00;-149,00;Refusjon;2000101;31.05.2027;491,00;\
86011117947;Kari;Fiktiv;
""".encode()

ADYEN = b"""Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,Creation Date,TimeZone,\
Type,Modification Reference,Gross Currency,Gross Debit (GC),Gross Credit (GC),Exchange Rate,Net Currency,\
Net Debit (NC),Net Credit (NC),Commission (NC),Markup (NC),Scheme Fees (NC),Interchange (NC),Batch Number
Co,Shop,PSP1,NO27-0000017,visa,2027-05-28 23:30:00,CEST,Settled,,NOK,,649.00,1,NOK,,640.00,2.00,3.00,1.00,3.00,7
Co,Shop,PSP1,NO27-0000017,visa,2027-05-30 10:00:00,CEST,Refunded,MOD1,NOK,149.00,,1,NOK,149.00,,,,,,7
Co,Shop,,,,2027-05-30 23:00:00,CEST,Fee,,NOK,,,,NOK,5.00,,,,,,7
Co,Shop,,,,2027-05-30 23:00:00,CEST,MerchantPayout,,NOK,,,,NOK,486.00,,,,,,7
"""

STRIPE = b"""automatic_payout_id,automatic_payout_effective_at_utc,balance_transaction_id,created_utc,currency,\
gross,fee,net,reporting_category,payment_intent_id,charge_id,payment_metadata[order]
po_1,2027-05-31 00:00:00,txn_1,2027-05-28 09:00:00,nok,649.00,9.00,640.00,charge,pi_1,ch_1,NO27-0000017
po_1,2027-05-31 00:00:00,txn_2,2027-05-30 09:00:00,nok,-149.00,0.00,-149.00,refund,pi_1,ch_1,NO27-0000017
po_1,2027-05-31 00:00:00,txn_3,2027-05-31 00:00:00,nok,-491.00,0.00,-491.00,payout,,,
"""


def giro_line(*parts: str) -> str:
    return "".join(parts).ljust(80, "0")


OCR_GIRO = "\n".join(
    (
        giro_line("NY000010", "00008080", "1700031", "00010200"),
        giro_line("NY090020", "001008566", "0000002", "99991042764"),
        giro_line("NY091030", "0000001", "280527", "01", "46", "0", "00001", "0", f"{64900:017}", "12345674".rjust(25)),
        giro_line("NY091031", "0000001", "9636827194", "099038562", "0000000", "280527", "99990512341"),
        giro_line("NY091830", "0000002", "300527", "01", "46", "0", "00001", "0", f"{14900:017}", "12345674".rjust(25)),
        giro_line("NY091831", "0000002", "9636827194", "099038562", "0000000", "300527", "99990512341"),
        giro_line("NY090088", "00000002", "00000006", f"{79800:017}", "300527", "280527", "300527"),
        giro_line("NY000089", "00000002", "00000008", f"{79800:017}", "300527"),
        "",
    )
).encode()

CAMT_053 = b"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">
 <BkToCstmrStmt>
  <GrpHdr><MsgId>M1</MsgId><CreDtTm>2027-06-02T06:00:00</CreDtTm></GrpHdr>
  <Stmt>
   <Id>S-2027-105</Id><CreDtTm>2027-06-02T06:00:00</CreDtTm>
   <Acct><Id><Othr><Id>86011117947</Id><SchmeNm><Cd>BBAN</Cd></SchmeNm></Othr></Id><Ccy>NOK</Ccy></Acct>
   <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="NOK">1000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
    <Dt><Dt>2027-06-01</Dt></Dt></Bal>
   <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="NOK">2091.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
    <Dt><Dt>2027-06-01</Dt></Dt></Bal>
   <Ntry><Amt Ccy="NOK">491.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>
    <BookgDt><Dt>2027-06-01</Dt></BookgDt><ValDt><Dt>2027-06-01</Dt></ValDt><AcctSvcrRef>B1</AcctSvcrRef>
    <BkTxCd><Prtry><Cd>230</Cd></Prtry></BkTxCd>
    <NtryDtls><TxDtls><RmtInf><Ustrd>Utbet. 2000101 Vippsnr 513428</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
   <Ntry><Amt Ccy="NOK">700.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>
    <BookgDt><Dt>2027-06-01</Dt></BookgDt><AcctSvcrRef>B2</AcctSvcrRef>
    <BkTxCd><Prtry><Cd>230</Cd></Prtry></BkTxCd>
    <NtryDtls>
     <TxDtls><AmtDtls><TxAmt><Amt Ccy="NOK">400.00</Amt></TxAmt></AmtDtls>
      <RmtInf><Strd><CdtrRefInf><Ref>12345674</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>
     <TxDtls><AmtDtls><TxAmt><Amt Ccy="NOK">300.00</Amt></TxAmt></AmtDtls></TxDtls>
    </NtryDtls></Ntry>
   <Ntry><Amt Ccy="NOK">100.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts>
    <BookgDt><Dt>2027-06-01</Dt></BookgDt><BkTxCd><Prtry><Cd>240</Cd></Prtry></BkTxCd></Ntry>
   <Ntry><Amt Ccy="NOK">5.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>PDNG</Sts>
    <BookgDt><Dt>2027-06-01</Dt></BookgDt><BkTxCd><Prtry><Cd>240</Cd></Prtry></BkTxCd></Ntry>
  </Stmt>
 </BkToCstmrStmt>
</Document>
"""

SYSTEMPAY = b"""TITRE;Fleurs en ligne;27/05/31_06:00:00;TABLE_V1;
ENTETE;MERCHANT_COUNTRY;MERCHANT_ID;PAYMENT_DATE;TRANSACTION_ID;ORIGIN_AMOUNT;CURRENCY_CODE;ORDER_ID;OPERATION_TYPE;\
OPERATION_NUMBER;REMITTANCE_DATE;REMITTANCE_NB;NET_AMOUNT;COMMISSION_AMOUNT;
MATCHING;FR;012345678900011;20270528;000017;6490;978;FR27-0000017;DT;1;20270531;19;6440;50;
MATCHING;FR;012345678900011;20270530;000018;1490;978;FR27-0000017;CT;1;20270531;19;;;
FIN;2;
"""
