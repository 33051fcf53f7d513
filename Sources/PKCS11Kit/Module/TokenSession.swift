internal import CPKCS11

/// A session with a token, logged in; for one thread.
///
/// A call that fails may leave an operation open, so whoever sees an error closes the session.
final class TokenSession {
    private let list: FunctionList
    private let slot: UInt
    /// The module's start that it is of.
    let generation: Int
    private let handle: UInt
    /// Private keys that were found before; handles hold as long as the session.
    private var keys: [TokenKeyName: UInt] = [:]

    init(
        _ list: FunctionList,
        slot: UInt,
        generation: Int,
        canWrite: Bool = false
    ) throws(PKCS11Error) {
        var handle: UInt = 0
        let flags = CKF_SERIAL_SESSION | (canWrite ? CKF_RW_SESSION : 0)
        try list.call("C_OpenSession") { $0.C_OpenSession(slot, flags, nil, nil, &handle) }
        self.list = list
        self.slot = slot
        self.generation = generation
        self.handle = handle
    }

    /// Gives it back; a token that is gone has forgotten it already.
    func close() {
        _ = self.list.functions.pointee.C_CloseSession(self.handle)
    }

    /// Logs the whole process in with the token, unless it is.
    func logIn(with pin: PIN) throws(PKCS11Error) {
        let answer = pin.withOctets { pin in
            let function = self.list.functions.pointee.C_Login
            return ReturnCode(value: function.map { $0(self.handle, CKU_USER, pin.baseAddress, UInt(pin.count)) } ?? 0)
        }
        guard answer.value == CKR_OK || answer.value == CKR_USER_ALREADY_LOGGED_IN else {
            throw PKCS11Error(answer, during: "C_Login")
        }
    }

    /// Lends another session, which may write; logged in like this one.
    func writing<Result>(_ body: (TokenSession) throws(PKCS11Error) -> Result) throws(PKCS11Error) -> Result {
        let session = try TokenSession(self.list, slot: self.slot, generation: self.generation, canWrite: true)
        defer { session.close() }
        return try body(session)
    }

    // MARK: Keys

    /// Signs with a private key, and gives the signature as certificates hold it.
    func sign(_ request: TokenSignature, with name: TokenKeyName) throws(PKCS11Error) -> [UInt8] {
        let key = try self.privateKey(name)
        switch request {
        case .ecdsa(let digest):
            return try SignatureEncoding.der(ofRaw: try self.sign(digest, with: key, CKM_ECDSA))
        case .rsaPKCS1(let digest):
            return try self.sign(SignatureEncoding.digestInfo(sha256: digest), with: key, CKM_RSA_PKCS)
        case .ed25519(let message):
            return try self.sign(message, with: key, CKM_EDDSA)
        }
    }

    /// - Throws: ``PKCS11Error`` of kind `keyMissing`, `ambiguousKey`, or `unsupported` for a kind that is not offered.
    func publicKey(_ name: TokenKeyName) throws(PKCS11Error) -> TokenPublicKey {
        _ = try self.privateKey(name)
        let key = try self.only(CKO_PUBLIC_KEY, name)
        return try self.describe(key, named: name)
    }

    /// Every public key on the token that is of a kind on offer, private half or not.
    func publicKeys() throws(PKCS11Error) -> [TokenPublicKey] {
        var wish = AttributeList()
        wish.set(CKA_CLASS, to: CKO_PUBLIC_KEY)
        var keys: [TokenPublicKey] = []
        for key in try self.find(wish) {
            let label = String(decoding: try self.value(CKA_LABEL, of: key), as: UTF8.self)
            let name = TokenKeyName(label: label, id: try self.value(CKA_ID, of: key))
            do throws(PKCS11Error) {
                keys.append(try self.describe(key, named: name))
            } catch  where error.kind == .unsupported {
                continue
            }
        }
        return keys
    }

    /// Makes a key pair that stays on the token, private and never to be extracted; needs a session that may write.
    ///
    /// - Throws: ``PKCS11Error`` of kind `unsupported` where the token does not make such keys.
    func generate(_ kind: TokenKeyKind, named name: TokenKeyName) throws(PKCS11Error) -> TokenPublicKey {
        let offer = KeyOffer(kind)
        try self.judge(offer)
        var mechanism = ck_mechanism(mechanism: offer.mechanism, parameter: nil, parameter_len: 0)
        var publicKey: UInt = 0
        var privateKey: UInt = 0
        try self.list.call("C_GenerateKeyPair") { functions in
            offer.publicAttributes(name).withAttributes { publicAttributes, publicCount in
                offer.privateAttributes(name).withAttributes { privateAttributes, privateCount in
                    functions.C_GenerateKeyPair(
                        self.handle,
                        &mechanism,
                        publicAttributes,
                        publicCount,
                        privateAttributes,
                        privateCount,
                        &publicKey,
                        &privateKey
                    )
                }
            }
        }
        return try self.describe(publicKey, named: name)
    }

    /// Some tokens call a kind that they do not make a failure of their own.
    private func judge(_ offer: KeyOffer) throws(PKCS11Error) {
        var info = ck_mechanism_info()
        try self.list.call("C_GetMechanismInfo") { $0.C_GetMechanismInfo(self.slot, offer.mechanism, &info) }
        // Some tell sizes in octets, some nothing.
        guard let bits = offer.modulusBits, info.max_key_size > 512 else { return }
        guard info.min_key_size...max(info.min_key_size, info.max_key_size) ~= bits else {
            throw PKCS11Error(.unsupported, during: "making a key", "the token makes no RSA keys of \(bits) bits")
        }
    }

    /// Destroys both halves of every pair of that name whose public key is `publicKeyInfo`; needs a session that may
    /// write.
    ///
    /// - Returns: Whether there was anything to destroy.
    func destroy(_ name: TokenKeyName, publicKeyInfo: [UInt8]) throws(PKCS11Error) -> Bool {
        let publicKeys = try self.find(Self.wish(CKO_PUBLIC_KEY, name))
        let privateKeys = try self.find(Self.wish(CKO_PRIVATE_KEY, name))
        for key in publicKeys where try self.describe(key, named: name).publicKeyInfo != publicKeyInfo {
            throw PKCS11Error(
                .ambiguousKey,
                during: "destroying a key",
                "another key has the label and id \(name), so none was destroyed"
            )
        }
        guard privateKeys.isEmpty || !publicKeys.isEmpty else {
            throw PKCS11Error(
                .keyMissing,
                during: "destroying a key",
                "the public half of \(name) is missing, so nothing tells whose the private one is, and it was left"
            )
        }
        // The private half first: without the public one, nobody could tell whose it is.
        for key in privateKeys + publicKeys {
            try self.list.call("C_DestroyObject") { $0.C_DestroyObject(self.handle, key) }
        }
        self.keys[name] = nil
        return !privateKeys.isEmpty || !publicKeys.isEmpty
    }

    // MARK: Objects

    private func sign(_ octets: [UInt8], with key: UInt, _ mechanism: UInt) throws(PKCS11Error) -> [UInt8] {
        var mechanism = ck_mechanism(mechanism: mechanism, parameter: nil, parameter_len: 0)
        try self.list.call("C_SignInit") { $0.C_SignInit(self.handle, &mechanism, key) }
        // As long as an RSA key of 8 192 bits makes them.
        var length: UInt = 1_024
        var signature = [UInt8](repeating: 0, count: Int(length))
        var octets = octets
        try self.list.call("C_Sign") { $0.C_Sign(self.handle, &octets, UInt(octets.count), &signature, &length) }
        signature.removeLast(signature.count - min(Int(length), signature.count))
        return signature
    }

    func privateKey(_ name: TokenKeyName) throws(PKCS11Error) -> UInt {
        if let key = self.keys[name] { return key }
        let key = try self.only(CKO_PRIVATE_KEY, name)
        self.keys[name] = key
        return key
    }

    private func only(_ objectClass: UInt, _ name: TokenKeyName) throws(PKCS11Error) -> UInt {
        let half = objectClass == CKO_PRIVATE_KEY ? "private" : "public"
        let keys = try self.find(Self.wish(objectClass, name))
        guard let key = keys.first else {
            throw PKCS11Error(.keyMissing, during: "finding a key", "the token holds no \(half) key \(name)")
        }
        guard keys.count == 1 else {
            throw PKCS11Error(.ambiguousKey, during: "finding a key", "the token holds several \(half) keys \(name)")
        }
        return key
    }

    private static func wish(_ objectClass: UInt, _ name: TokenKeyName) -> AttributeList {
        var wish = AttributeList()
        wish.set(CKA_CLASS, to: objectClass)
        wish.set(CKA_LABEL, to: Array(name.label.utf8))
        wish.set(CKA_ID, to: name.id)
        return wish
    }

    /// Every object that is as wished.
    private func find(_ wish: AttributeList) throws(PKCS11Error) -> [UInt] {
        try self.list.call("C_FindObjectsInit") { functions in
            wish.withAttributes { functions.C_FindObjectsInit(self.handle, $0, $1) }
        }
        var objects: [UInt] = []
        var some = [UInt](repeating: 0, count: 64)
        while true {
            var count: UInt = 0
            try self.list.call("C_FindObjects") { $0.C_FindObjects(self.handle, &some, UInt(some.count), &count) }
            // A token may give less at once than there are; only none is the end (PKCS #11 v2.40 § 5.7).
            guard count > 0 else { break }
            objects += some.prefix(Int(min(count, UInt(some.count))))
        }
        try self.list.call("C_FindObjectsFinal") { $0.C_FindObjectsFinal(self.handle) }
        return objects
    }

    private func describe(_ key: UInt, named name: TokenKeyName) throws(PKCS11Error) -> TokenPublicKey {
        let type = try self.value(CKA_KEY_TYPE, of: key).withUnsafeBytes { octets in
            octets.count == MemoryLayout<UInt>.size ? octets.loadUnaligned(as: UInt.self) : UInt.max
        }
        let description: (kind: TokenKeyKind, info: [UInt8])? =
            switch type {
            case CKK_EC:
                PublicKeyEncoding.elliptic(
                    parameters: try self.value(CKA_EC_PARAMS, of: key),
                    point: try self.value(CKA_EC_POINT, of: key)
                )
            case CKK_EC_EDWARDS:
                PublicKeyEncoding.edwards(
                    parameters: try self.value(CKA_EC_PARAMS, of: key),
                    point: try self.value(CKA_EC_POINT, of: key)
                )
            case CKK_RSA:
                PublicKeyEncoding.rsa(
                    modulus: try self.value(CKA_MODULUS, of: key),
                    exponent: try self.value(CKA_PUBLIC_EXPONENT, of: key)
                )
            default: nil
            }
        guard let description else {
            throw PKCS11Error(.unsupported, during: "reading a key", "the key \(name) is of a kind that is not offered")
        }
        return TokenPublicKey(name: name, kind: description.kind, publicKeyInfo: description.info)
    }

    func value(_ type: UInt, of object: UInt) throws(PKCS11Error) -> [UInt8] {
        var attribute = ck_attribute(type: type, value: nil, value_len: 0)
        try self.list.call("C_GetAttributeValue") { $0.C_GetAttributeValue(self.handle, object, &attribute, 1) }
        guard attribute.value_len <= 65_536 else {
            throw PKCS11Error(.refused, during: "C_GetAttributeValue", "the token does not tell an attribute of a key")
        }
        var octets = [UInt8](repeating: 0, count: Int(attribute.value_len))
        try self.list.call("C_GetAttributeValue") { functions in
            octets.withUnsafeMutableBytes { octets in
                attribute.value = octets.baseAddress
                return functions.C_GetAttributeValue(self.handle, object, &attribute, 1)
            }
        }
        octets.removeLast(octets.count - min(octets.count, Int(attribute.value_len)))
        return octets
    }
}
