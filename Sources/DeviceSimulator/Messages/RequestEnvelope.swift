/// What all requests share: the envelope and its header (SOAP 1.2 Part 1, WS-Addressing 1.0).
struct RequestEnvelope: Sendable {
    let action: String
    /// The `urn:uuid:` that the answer has to relate to.
    let messageID: String
    let to: String
    /// Who asks.
    let sender: Sender

    /// Who asks, and how the header says so.
    enum Sender: Sendable {
        /// Discovery asks for nobody.
        case nobody
        case user(SimulatedUser)
        /// A device that renews by itself: its certificate in TLS speaks for it, and the header holds the time alone
        /// ([MS-MDE2] § 3.5).
        case device(now: Int64)
    }

    init(action: String, messageID: String, to: String, sender: Sender) {
        self.action = action
        self.messageID = messageID
        self.to = to
        self.sender = sender
    }

    init(action: String, messageID: String, to: String, user: SimulatedUser?) {
        self.init(action: action, messageID: messageID, to: to, sender: user.map { .user($0) } ?? .nobody)
    }

    private var hasSecurity: Bool {
        if case .nobody = self.sender { false } else { true }
    }

    /// The whole message around `body`.
    func octets(around body: String) -> [UInt8] {
        var text = """
            <s:Envelope xmlns:s="\(Names.envelope)" xmlns:a="\(Names.addressing)"
            """
        if self.hasSecurity {
            text += """
                 xmlns:u="\(Names.utility)" xmlns:wsse="\(Names.security)" xmlns:wst="\(Names.trust)" \
                xmlns:ac="\(Names.authorization)"
                """
        }
        text += """
            ><s:Header><a:Action s:mustUnderstand="1">\(self.action)</a:Action>\
            <a:MessageID>\(self.messageID)</a:MessageID>\
            <a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>\
            <a:To s:mustUnderstand="1">\(Markup.escape(self.to))</a:To>
            """
        switch self.sender {
        case .nobody: break
        case .user(let user): text += Self.security(for: user)
        case .device(let now): text += Self.security(at: now)
        }
        text += "</s:Header><s:Body>\(body)</s:Body></s:Envelope>"
        return Array(text.utf8)
    }

    /// The identifier of the token is the same on every Windows device.
    private static func security(for user: SimulatedUser) -> String {
        """
        <wsse:Security s:mustUnderstand="1"><wsse:UsernameToken u:Id="uuid-cc1ccc1f-2fba-4bcf-b063-ffc0cac77917-4">\
        <wsse:Username>\(Markup.escape(user.name))</wsse:Username>\
        <wsse:Password wsse:Type="\(Names.passwordText)">\(Markup.escape(user.password))</wsse:Password>\
        </wsse:UsernameToken></wsse:Security>
        """
    }

    private static func security(at now: Int64) -> String {
        """
        <wsse:Security s:mustUnderstand="1"><u:Timestamp u:Id="_0"><u:Created>\(Text.moment(now))</u:Created>\
        <u:Expires>\(Text.moment(now + 300))</u:Expires></u:Timestamp></wsse:Security>
        """
    }
}
