"""Keeps what florists say to each other about orders, and where each order stands between them."""
