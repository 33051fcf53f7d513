import OpenSSLKit

/// The kinds of key that the tables go through; the longer RSA sizes differ from the first in time alone.
let keyKinds: [KeyType] = [.ecdsaP256, .ecdsaP384, .ed25519, .rsa(bits: 2_048)]
