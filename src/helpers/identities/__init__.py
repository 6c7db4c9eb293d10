"""Who a person is: random ids, the encrypted vault, its key, fingerprints, passphrases.

The one package that turns an id back into a person. No analysis may be in it, and none may open the vault.
"""
