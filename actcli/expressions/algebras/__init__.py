"""The algebras a formula is evaluated over: arrays with derivatives, Arb power series, exact rationals."""
