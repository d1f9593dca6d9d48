"""The building blocks of the networks; each owns its weights and knows no loss."""
