import Authority
import EnrollmentCore
import EnrollmentTestKit
import Testing

@Suite("Where the next key is made when nobody says so")
struct KeySeatsTests {
    private static func issuer(_ key: KeyLocation, _ role: IssuerRecord.Role = .issuing) -> IssuerRecord {
        IssuerRecord(
            id: role == .root ? "R1" : "2026-A",
            role: role,
            state: .active,
            signedBy: "R1",
            certificate: [],
            key: key,
            created: StoppedClock().now
        )
    }

    private static func place(_ name: String, _ label: String) -> TokenPlace {
        TokenPlace(name: name, module: "/nowhere.so", label: label, sessions: 1, seconds: 1) {
            () throws(EnrollmentError) in
            throw EnrollmentError(.internalService, "There is no PIN here.", rule: "test.pin")
        }
    }

    private static let tokens = TokenKeys([Self.place("hsm", "Corp CA"), Self.place("spare", "Spare")])

    @Test("in the store after one in the store, and where nobody was before")
    func store() throws {
        let seats = KeySeats(Self.tokens)
        #expect(try seats.seat(of: .issuing, after: Self.issuer(.sealed([1]))) == .store)
        #expect(try seats.seat(of: .issuing, after: nil) == .store)
    }

    @Test("on the token where the present one is, by its label")
    func token() throws {
        let present = Self.issuer(.token(uri: "pkcs11:token=Corp%20CA;object=gatehouse-2026-A;id=%01"))
        #expect(try KeySeats(Self.tokens).seat(of: .issuing, after: present) == .token("hsm"))
    }

    @Test("on the configured token, wherever the present one is")
    func configured() throws {
        let seats = KeySeats(Self.tokens, configured: [.issuing: "spare"])
        #expect(try seats.seat(of: .issuing, after: Self.issuer(.sealed([1]))) == .token("spare"))
        #expect(try seats.seat(of: .root, after: Self.issuer(.sealed([1]), .root)) == .store)
    }

    @Test(
        "nowhere after a key that is elsewhere: somebody has to say",
        arguments: [
            KeyLocation.offline, .split([1]), .token(uri: "pkcs11:token=Gone;object=gatehouse-R1;id=%01"),
        ]
    )
    func elsewhere(_ key: KeyLocation) {
        let error = #expect(throws: EnrollmentError.self) {
            try KeySeats(Self.tokens).seat(of: .root, after: Self.issuer(key, .root))
        }
        #expect(error?.rule == "rotation.seat")
        #expect(error?.detail.contains("--sealed") == true)
    }
}
