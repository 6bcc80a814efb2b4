"""The registered claims: registry, evidence, estimates, verdicts and the ledger."""
