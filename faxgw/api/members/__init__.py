"""The register's face: members, certificates, accounts, sample orders and complaints."""
