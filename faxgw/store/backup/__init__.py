"""A copy of the store that is whole or not there, and a store made from one that sends nothing twice."""
