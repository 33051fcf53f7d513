import PKCS11Kit
import Testing

@Suite("The URI of a key on a token")
struct TokenKeyURITests {
    @Test(
        "is read back as it was written",
        arguments: [
            (
                "HSM one", "gatehouse-2026-A", [UInt8(0x00), 0x1F, 0xFF],
                "token=HSM%20one;object=gatehouse-2026-A;id=%00%1F%FF"
            ),
            ("a;b=c%", "ä", [0x41], "token=a%3Bb%3Dc%25;object=%C3%A4;id=%41"),
        ]
    )
    func roundTrip(token: String, label: String, id: [UInt8], text: String) {
        let uri = TokenKeyURI(token: token, key: TokenKeyName(label: label, id: id))
        #expect(uri.text == "pkcs11:" + text)
        #expect(TokenKeyURI(uri.text) == uri)
    }

    @Test("may have its attributes in another order, and say that a private key is meant")
    func order() {
        let uri = TokenKeyURI("pkcs11:id=A%42;type=private;object=o;token=t")
        #expect(uri == TokenKeyURI(token: "t", key: TokenKeyName(label: "o", id: [0x41, 0x42])))
    }

    @Test(
        "is refused when it is incomplete, holds a PIN, or anything that is not understood",
        arguments: [
            "", "pkcs11:", "pkcs11:token=t;object=o", "pkcs11:token=t;object=o;id=", "token=t;object=o;id=%01",
            "pkcs11:token=t;object=o;id=%0", "pkcs11:token=t;object=o;id=%0g", "pkcs11:token=t;object=o;id=%01;",
            "pkcs11:token=t;object=o;id=%01;id=%02", "pkcs11:token=t;object=o;id=%01;serial=5",
            "pkcs11:token=t;object=o;id=%01?pin-value=1234", "pkcs11:token=t;object=o;id=%01;type=public",
            "pkcs11:token=%FF;object=o;id=%01",
        ]
    )
    func refused(_ text: String) {
        #expect(TokenKeyURI(text) == nil)
    }
}
