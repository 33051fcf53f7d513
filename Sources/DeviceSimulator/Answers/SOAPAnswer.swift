internal import XMLKit

/// An answer of the expected operation, or its refusal.
enum SOAPAnswer: Sendable {
    case response(header: XMLElement, body: XMLElement)
    case fault(DeviceFault)

    /// Checks framing, envelope and addressing.
    ///
    /// - Parameters:
    ///   - answer: As received.
    ///   - action: What the header has to say when the operation succeeded.
    ///   - messageID: What the header has to relate to, octet by octet.
    ///   - judge: The step this answers.
    /// - Throws: ``Deviation`` for the first rule that is broken.
    init(
        _ answer: HTTPAnswer,
        expecting action: String,
        relatingTo messageID: String,
        _ judge: Judge
    ) throws(Deviation) {
        let isEnvelope = answer.status == 200 || !answer.body.isEmpty
        try judge.require(isEnvelope, .status, "200, or a SOAP fault", found: "\(answer.status) without a body")
        if answer.status != 200, !answer.values(of: "content-type").contains(where: { $0.contains("xml") }) {
            throw Deviation(judge.step, .status, expected: "200, or a SOAP fault", found: "\(answer.status)")
        }
        try answer.checkFraming(judge)
        let root: XMLElement
        do throws(XMLParseError) {
            root = try XMLDocument(parsing: answer.body).root
        } catch {
            throw Deviation(judge.step, .wellFormed, expected: "an XML document", found: "\(error)")
        }
        try judge.require(
            root.localName.lowercased() == "envelope" && root.namespace == Names.envelope,
            .envelope,
            "a SOAP 1.2 Envelope",
            found: "\(root.localName) in \(root.namespace ?? "no namespace")"
        )
        let bodies = root.children.filter { $0.localName.lowercased() == "body" }
        try judge.require(bodies.count == 1, .envelope, "one Body", found: "\(bodies.count)")
        let contents = Array(bodies[0].children)
        try judge.require(contents.count == 1, .body, "one element in the Body", found: "\(contents.count)")
        if contents[0].localName.lowercased() == "fault", contents[0].namespace == Names.envelope {
            self = .fault(DeviceFault(contents[0], httpStatus: answer.status))
            return
        }
        try judge.require(answer.status == 200, .status, "200", found: "\(answer.status)")
        // Only faults are published in lower case and forgiven for it.
        try judge.require(
            root.localName == "Envelope" && bodies[0].matches("Body", in: Names.envelope),
            .envelope,
            "Envelope and Body in this case",
            found: "\(root.localName) and \(bodies[0].localName)"
        )
        let header = try judge.unwrap(root.first("Header", in: Names.envelope), .envelope, "a Header")
        try Self.checkAddressing(header, action: action, messageID: messageID, judge)
        self = .response(header: header, body: contents[0])
    }

    private static func checkAddressing(
        _ header: XMLElement,
        action: String,
        messageID: String,
        _ judge: Judge
    ) throws(Deviation) {
        let actions = header.children.filter { $0.matches("Action", in: Names.addressing) }
        try judge.require(
            actions.map(\.trimmedText) == [action],
            .action,
            action,
            found: actions.first?.trimmedText ?? "none"
        )
        let understanding = actions.first?.attribute("mustUnderstand", in: Names.envelope)
        try judge.require(
            understanding == "1" || understanding == "true",
            .action,
            "an Action with s:mustUnderstand=\"1\"",
            found: understanding ?? "none"
        )
        let relations = header.children.filter { $0.matches("RelatesTo", in: Names.addressing) }
        try judge.require(
            relations.map(\.trimmedText) == [messageID],
            .relatesTo,
            "the request's MessageID, \(messageID)",
            found: relations.first?.trimmedText ?? "none"
        )
    }
}
