"""Planning by the published cost model, for comparison and reproduction."""
