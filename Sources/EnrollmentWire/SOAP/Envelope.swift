internal import EnrollmentCore
internal import XMLKit

/// A SOAP request whose form and addressing have been checked.
///
/// SOAP 1.1 and 1.2 are read; answers are always 1.2, as real clients send it.
struct Envelope {
    /// `MessageID` verbatim, white space at its ends excepted: published ones hold blanks and doubled prefixes.
    let messageID: String
    /// The `wsse:Security` header, not looked at yet.
    let security: XMLElement?
    /// The one element in the Body, the operation's own.
    let body: XMLElement

    /// A refusal and what an answer to it can still refer to.
    struct Rejection: Error {
        let error: EnrollmentError
        let messageID: String?
    }

    /// Reads the request of one operation.
    ///
    /// - Throws: ``Rejection`` with code `messageFormat`.
    init(parsing octets: [UInt8], expecting operation: Operation) throws(Rejection) {
        let parts: Parts
        do throws(EnrollmentError) {
            parts = try Parts(Self.parse(octets))
        } catch {
            throw Rejection(error: error, messageID: nil)
        }
        do throws(EnrollmentError) {
            self.messageID = try parts.requiredMessageID()
            self.security = try parts.security()
            self.body = try parts.body(of: operation)
        } catch {
            throw Rejection(error: error, messageID: parts.messageID)
        }
    }

    private static func parse(_ octets: [UInt8]) throws(EnrollmentError) -> XMLElement {
        do throws(XMLParseError) {
            return try XMLDocument(parsing: octets).root
        } catch {
            throw .messageFormat(
                "The body of the request is not XML that this server accepts.",
                rule: "message.xml",
                facts: [Fact("reason", "\(error.reason)"), Fact("line", "\(error.line)")],
                cause: error
            )
        }
    }
}

extension Envelope {
    /// The pieces of an envelope; the header's are gathered first so that a refusal can name its MessageID.
    private struct Parts {
        /// `nil` when it is missing, doubled, too long or not text alone.
        let messageID: String?
        private let header: XMLElement?
        private let content: XMLElement

        init(_ root: XMLElement) throws(EnrollmentError) {
            guard root.localName == "Envelope",
                let version: String = [Namespace.soap12, Namespace.soap11].first(where: { version in
                    root.matches("Envelope", in: version, ignoringTrailingSlash: true)
                })
            else {
                throw .messageFormat("The document is not a SOAP envelope.", rule: "message.envelope")
            }
            self.header = try root.only("Header", in: version)
            self.content = try root.required("Body", in: version)
            self.messageID = self.header.flatMap { Self.messageID(in: $0) }
        }

        private static func messageID(in header: XMLElement) -> String? {
            // Whatever keeps it from being read is refused by `requiredMessageID`.
            guard let element = try? header.only("MessageID", in: Namespace.addressing),
                let messageID = try? element.value(atMost: 256), !messageID.isEmpty
            else { return nil }
            return messageID
        }

        func requiredMessageID() throws(EnrollmentError) -> String {
            guard let messageID = self.messageID else {
                throw .messageFormat(
                    "The message has no MessageID, several, or one that is not text of up to 256 octets.",
                    rule: "message.message-id"
                )
            }
            return messageID
        }

        func security() throws(EnrollmentError) -> XMLElement? {
            try self.header?.only("Security", in: Namespace.security)
        }

        /// Checks the addressing headers and that the Body holds what the Action announces.
        func body(of operation: Operation) throws(EnrollmentError) -> XMLElement {
            guard let header = self.header else {
                throw .messageFormat("The envelope has no header.", rule: "message.header")
            }
            let action = try header.required("Action", in: Namespace.addressing).value(atMost: 512)
            guard action == operation.action else {
                throw .messageFormat(
                    "The Action is not the operation that this address serves.",
                    rule: "message.action",
                    facts: [Fact("action", action)]
                )
            }
            _ = try header.only("To", in: Namespace.addressing)?.value(atMost: 2048)
            try self.checkAddress(of: "ReplyTo", in: header)
            try self.checkAddress(of: "FaultTo", in: header)
            let (localName, namespace) = operation.bodyElement
            var contents = self.content.children
            guard let body = contents.next(), contents.next() == nil,
                body.matches(localName, in: namespace, ignoringTrailingSlash: true)
            else {
                throw .messageFormat(
                    "The Body does not hold the one element that the Action announces.",
                    rule: "message.body",
                    facts: [Fact("expected", localName)]
                )
            }
            return body
        }

        /// An answer goes back on the connection it was asked on and nowhere else (WS-Addressing 1.0 § 2.1).
        private func checkAddress(of name: String, in header: XMLElement) throws(EnrollmentError) {
            guard let endpoint = try header.only(name, in: Namespace.addressing) else { return }
            let address = try endpoint.required("Address", in: Namespace.addressing).value(atMost: 512)
            guard address == "\(Namespace.addressing)/anonymous" else {
                throw .messageFormat(
                    "The message asks for its answer at another address; only the sender of a message is answered.",
                    rule: "message.reply-to",
                    facts: [Fact("header", name)]
                )
            }
        }
    }
}
