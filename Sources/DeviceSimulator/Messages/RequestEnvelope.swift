/// What all three requests share: the envelope and its header (SOAP 1.2 Part 1, WS-Addressing 1.0).
struct RequestEnvelope: Sendable {
    let action: String
    /// The `urn:uuid:` that the answer has to relate to.
    let messageID: String
    let to: String
    /// Who asks; `nil` in discovery, which asks for nobody.
    let user: SimulatedUser?

    /// The whole message around `body`.
    func octets(around body: String) -> [UInt8] {
        var text = """
            <s:Envelope xmlns:s="\(Names.envelope)" xmlns:a="\(Names.addressing)"
            """
        if self.user != nil {
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
        if let user = self.user { text += Self.security(for: user) }
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
}
