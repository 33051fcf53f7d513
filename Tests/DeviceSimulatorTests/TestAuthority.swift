@testable import DeviceSimulator

/// A root and an issuing authority below it, made by the `openssl` command.
struct TestAuthority {
    static let leafExtensions = """
        basicConstraints=critical,CA:FALSE
        keyUsage=critical,digitalSignature,keyEncipherment
        extendedKeyUsage=clientAuth
        subjectKeyIdentifier=hash
        authorityKeyIdentifier=keyid
        """

    let openssl: OpenSSLCommand

    init() throws {
        self.openssl = try OpenSSLCommand()
        try self.openssl.run(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout root.key -out root.pem "
                + "-subj /CN=Root -days 3650 -addext keyUsage=critical,keyCertSign,cRLSign"
        )
        try self.openssl.run(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout issuer.key -out issuer.pem "
                + "-subj /CN=Issuer -days 1825 -CA root.pem -CAkey root.key "
                + "-addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign"
        )
        // openssl cms takes no untrusted certificates besides those in the message.
        try self.openssl.write(
            try self.openssl.read("root.pem") + (try self.openssl.read("issuer.pem")),
            to: "authorities.pem"
        )
        for name in ["root", "issuer"] { try self.openssl.run("x509 -in \(name).pem -outform DER -out \(name).der") }
    }

    var root: [UInt8] { get throws { try self.openssl.read("root.der") } }
    var issuer: [UInt8] { get throws { try self.openssl.read("issuer.der") } }

    /// A certificate for the key in `request`.
    ///
    /// - Parameters:
    ///   - request: PKCS #10, DER.
    ///   - extensions: Lines of an extension file.
    ///   - dates: Further arguments of `openssl x509`.
    /// - Returns: DER.
    /// - Throws: When the command refuses.
    func issue(
        _ request: [UInt8],
        extensions: String = TestAuthority.leafExtensions,
        dates: String = "-days 365"
    ) throws -> [UInt8] {
        try self.openssl.write(request, to: "request.der")
        try self.openssl.write(Array(extensions.utf8), to: "extensions.cnf")
        try self.openssl.run(
            "x509 -req -inform DER -in request.der -CA issuer.pem -CAkey issuer.key -outform DER -out leaf.der "
                + "-subj /OU=Devices/CN=device-1 -extfile extensions.cnf \(dates)"
        )
        return try self.openssl.read("leaf.der")
    }
}
