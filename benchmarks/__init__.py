"""How fast the parts are whose speed counts, always beside a floor and a peer measured in the same run."""
