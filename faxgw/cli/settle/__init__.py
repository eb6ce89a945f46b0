"""The operator's hands on money: `faxgw settle`."""
