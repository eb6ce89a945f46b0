"""The florist who sends in parts of the bench that measure no florist."""

from faxgw.members.member import Member

FLORIST = Member(
    id="FR-0001",
    name="Aux Lilas",
    street="1 rue des Lilas",
    postcode="75020",
    city="Paris",
    country="FR",
    phone="+33 1 99 00 00 01",
    fax="+33 1 99 00 00 00",
    language="fr",
    timezone="Europe/Paris",
)
