internal import CPKCS11
internal import EnrollmentTestKit
internal import Foundation
internal import OpenSSLKit
internal import PKCS11Kit

/// Signatures by SoftHSM through the pool, beside the module's own limit: bare calls on as many threads.
func tokenBenchmark(_ bench: Bench) async throws {
    let soft = try await SoftHSM.shared().makeToken()
    for (word, kind) in [("p256", TokenKeyKind.ecdsaP256), ("rsa2048", .rsa(bits: 2_048))] {
        let key = TokenKeyName(label: word, id: [1])
        for sessions in [1, 4] {
            let settings = TokenSettings(
                module: try SoftHSM.shared().module,
                label: soft.label,
                sessions: sessions,
                timeLimit: .seconds(60)
            )
            let token = try Token(settings, pin: PIN(Array(soft.pin.utf8)))
            if sessions == 1 { _ = try await token.generate(kind, named: key) }
            let request: TokenSignature =
                kind == .ecdsaP256
                ? .ecdsa(digest: [UInt8](repeating: 7, count: 32)) : .rsaPKCS1(sha256: [UInt8](repeating: 7, count: 32))
            let count = kind == .ecdsaP256 ? 40_000 : 4_000
            _ = try await token.sign(request, with: key)
            var ratios: [Double] = []
            var rates: [Double] = []
            var limits: [Double] = []
            for _ in 0..<bench.rounds {
                let limit = try BareToken.rate(soft, word, isRSA: kind != .ecdsaP256, count: count, threads: sessions)
                let rate = try await pooled(token, request, key, count: count)
                limits.append(limit)
                rates.append(rate)
                ratios.append(rate / limit)
            }
            bench.add(.context("token.\(word).\(sessions).pool", rates.median, "1/s"))
            bench.add(.context("token.\(word).\(sessions).module", limits.median, "1/s"))
            bench.add(.context("token.\(word).\(sessions).ofModule", ratios.median, "ratio"))
            guard await token.close() else { throw BenchmarkProblem("a call into the module does not return") }
        }
    }
}

/// Signatures a second when 32 requests at a time ask for one after another.
private func pooled(
    _ token: Token,
    _ request: TokenSignature,
    _ key: TokenKeyName,
    count: Int
) async throws -> Double {
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<32 {
            group.addTask {
                for _ in 0..<count / 32 { _ = try await token.sign(request, with: key) }
            }
        }
        try await group.waitForAll()
    }
    return Double(count / 32 * 32) / (start.duration(to: .now) / .seconds(1))
}

/// The module without anything of ours: each thread has a session and calls `C_SignInit` and `C_Sign`, again and again.
private struct BareToken: @unchecked Sendable {  // constant memory of a module that is never unloaded
    private let functions: UnsafeMutablePointer<ck_function_list>
    private let session: UInt
    private let key: UInt

    static func rate(_ soft: SoftToken, _ label: String, isRSA: Bool, count: Int, threads: Int) throws -> Double {
        // What goes into C_Sign for RSA is a DigestInfo of 51 octets.
        let octets = [UInt8](repeating: 7, count: isRSA ? 51 : 32)
        let module = try SoftHSM.shared().module
        // Opened beforehand: a login takes longer than many signatures.
        let bare = try (0..<threads).map { _ in try BareToken(module, soft, label) }
        defer { for one in bare { one.close() } }
        let start = ContinuousClock.now
        try Threads.run(threads, workers: threads, state: {}) { _, number in
            for _ in 0..<count / threads { try bare[number].sign(octets, isRSA ? CKM_RSA_PKCS : CKM_ECDSA) }
        }
        return Double(count / threads * threads) / (start.duration(to: .now) / .seconds(1))
    }

    private init(_ module: String, _ soft: SoftToken, _ label: String) throws {
        guard let library = dlopen(module, RTLD_NOW | RTLD_LOCAL), let symbol = dlsym(library, "C_GetFunctionList")
        else { throw BenchmarkProblem("\(module) cannot be loaded") }
        var list: UnsafeMutablePointer<ck_function_list>?
        _ = unsafeBitCast(symbol, to: CK_C_GetFunctionList.self)(&list)
        guard let list else { throw BenchmarkProblem("\(module) gives no functions") }
        self.functions = list
        var count: UInt = 16
        var slots = [UInt](repeating: 0, count: 16)
        try Self.check("C_GetSlotList", list.pointee.C_GetSlotList(1, &slots, &count))
        let slot = slots.prefix(Int(count)).first { slot in
            var info = ck_token_info()
            guard list.pointee.C_GetTokenInfo(slot, &info) == CKR_OK else { return false }
            return withUnsafeBytes(of: info.label) { String(decoding: $0, as: UTF8.self) }.hasPrefix(soft.label)
        }
        guard let slot else { throw BenchmarkProblem("the token \(soft.label) is not there") }
        var session: UInt = 0
        try Self.check("C_OpenSession", list.pointee.C_OpenSession(slot, CKF_SERIAL_SESSION, nil, nil, &session))
        self.session = session
        var pin = Array(soft.pin.utf8)
        let login = list.pointee.C_Login(session, CKU_USER, &pin, UInt(pin.count))
        if login != CKR_USER_ALREADY_LOGGED_IN { try Self.check("C_Login", login) }
        self.key = try Self.find(list, session, label)
    }

    private static func find(
        _ list: UnsafeMutablePointer<ck_function_list>,
        _ session: UInt,
        _ label: String
    ) throws -> UInt {
        var kind = CKO_PRIVATE_KEY
        var name = Array(label.utf8)
        var key: UInt = 0
        var count: UInt = 0
        try name.withUnsafeMutableBytes { name in
            try withUnsafeMutableBytes(of: &kind) { kind in
                var wish = [
                    ck_attribute(type: CKA_CLASS, value: kind.baseAddress, value_len: UInt(kind.count)),
                    ck_attribute(type: CKA_LABEL, value: name.baseAddress, value_len: UInt(name.count)),
                ]
                try self.check("C_FindObjectsInit", list.pointee.C_FindObjectsInit(session, &wish, 2))
            }
        }
        try self.check("C_FindObjects", list.pointee.C_FindObjects(session, &key, 1, &count))
        try self.check("C_FindObjectsFinal", list.pointee.C_FindObjectsFinal(session))
        guard count == 1 else { throw BenchmarkProblem("the key \(label) is not there") }
        return key
    }

    private func sign(_ octets: [UInt8], _ mechanism: UInt) throws {
        var mechanism = ck_mechanism(mechanism: mechanism, parameter: nil, parameter_len: 0)
        try Self.check("C_SignInit", self.functions.pointee.C_SignInit(self.session, &mechanism, self.key))
        var octets = octets
        var signature = [UInt8](repeating: 0, count: 512)
        var length = UInt(signature.count)
        try Self.check(
            "C_Sign",
            self.functions.pointee.C_Sign(self.session, &octets, UInt(octets.count), &signature, &length)
        )
    }

    private func close() {
        _ = self.functions.pointee.C_CloseSession(self.session)
    }

    private static func check(_ name: String, _ answer: UInt) throws {
        guard answer == CKR_OK else { throw BenchmarkProblem("\(name): 0x\(String(answer, radix: 16))") }
    }
}
