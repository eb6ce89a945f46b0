"""The operator's hands on the register: `faxgw members`."""
