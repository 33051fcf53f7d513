/// Requests in plain text, so that a test can spoil any part of one.
enum Message {
    private static let security = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
    private static let utility = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
    private static let token = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
    private static let trust = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
    private static let enrollment = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"
    private static let policy = "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"
    private static let discovery = "http://schemas.microsoft.com/windows/management/2012/01/enrollment"

    static func discover(_ address: String = "kim@corp.example") -> String {
        self.envelope(
            action: "\(self.discovery)/IDiscoveryService/Discover",
            header: "",
            body: """
                <Discover xmlns="\(self.discovery)"><request><EmailAddress>\(address)</EmailAddress>\
                <RequestVersion>5.0</RequestVersion><DeviceType>CIMClient_Windows</DeviceType>\
                <ApplicationVersion>10.0.26200.1</ApplicationVersion><OSEdition>4</OSEdition>\
                <AuthPolicies><AuthPolicy>OnPremise</AuthPolicy></AuthPolicies></request></Discover>
                """
        )
    }

    static func getPolicies(user: String, password: String) -> String {
        self.envelope(
            action: "\(self.policy)/IPolicy/GetPolicies",
            header: self.credential(user, password),
            body: """
                <GetPolicies xmlns="\(self.policy)" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><client>\
                <lastUpdate xsi:nil="true"/><preferredLanguage xsi:nil="true"/></client>\
                <requestFilter xsi:nil="true"/></GetPolicies>
                """
        )
    }

    /// A request for a certificate; `request` stands where the certificate request in base64 belongs.
    static func enroll(user: String, password: String, request: String) -> String {
        self.envelope(
            action: "\(self.enrollment)/RST/wstep",
            header: self.credential(user, password),
            body: """
                <wst:RequestSecurityToken xmlns:wst="\(self.trust)">\
                <wst:TokenType>http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentToken\
                </wst:TokenType><wst:RequestType>\(self.trust)/Issue</wst:RequestType>\
                <wsse:BinarySecurityToken xmlns:wsse="\(self.security)" ValueType="\(self.enrollment)#PKCS10" \
                EncodingType="\(self.security)#base64binary">\(request)</wsse:BinarySecurityToken>\
                <ac:AdditionalContext xmlns:ac="http://schemas.xmlsoap.org/ws/2006/12/authorization">\
                \(self.item("OSEdition", "4"))\(self.item("DeviceName", "TEXTBOOK"))\
                \(self.item("DeviceID", "7BA748C8703E4DF2A74A92984117346A"))\(self.item("EnrollmentType", "Full"))\
                \(self.item("DeviceType", "CIMClient_Windows"))\(self.item("OSVersion", "10.0.26200.1"))\
                \(self.item("ApplicationVersion", "10.0.26200.1"))\(self.item("HWDevID", "AB12"))\
                </ac:AdditionalContext></wst:RequestSecurityToken>
                """
        )
    }

    /// What the device says of itself in a renewal.
    struct Claims {
        var deviceID: String
        var hardwareID: String
        var valueType = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd#PKCS7"
        var requestType = "Renew"
        /// Name and password of the person who was asked.
        var user: (name: String, password: String)?
    }

    /// A request for the next certificate; `token` stands where the signed message in base64 belongs.
    static func renew(_ token: String, _ claims: Claims) -> String {
        self.envelope(
            action: "\(self.enrollment)/RST/wstep",
            header: claims.user.map { self.credential($0.name, $0.password) } ?? "",
            body: """
                <wst:RequestSecurityToken xmlns:wst="\(self.trust)">\
                <wst:TokenType>http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentToken\
                </wst:TokenType><wst:RequestType>\(self.trust)/\(claims.requestType)</wst:RequestType>\
                <wsse:BinarySecurityToken xmlns:wsse="\(self.security)" ValueType="\(claims.valueType)" \
                EncodingType="\(self.security)#base64binary">\(token)</wsse:BinarySecurityToken>\
                <ac:AdditionalContext xmlns:ac="http://schemas.xmlsoap.org/ws/2006/12/authorization">\
                \(self.item("OSEdition", "4"))\(self.item("DeviceName", "TEXTBOOK"))\
                \(self.item("DeviceID", claims.deviceID))\(self.item("EnrollmentType", "Full"))\
                \(self.item("DeviceType", "CIMClient_Windows"))\(self.item("OSVersion", "10.0.26200.1"))\
                \(self.item("ApplicationVersion", "10.0.26200.1"))\(self.item("HWDevID", claims.hardwareID))\
                </ac:AdditionalContext></wst:RequestSecurityToken>
                """
        )
    }

    private static func item(_ name: String, _ value: String) -> String {
        "<ac:ContextItem Name=\"\(name)\"><ac:Value>\(value)</ac:Value></ac:ContextItem>"
    }

    private static func credential(_ user: String, _ password: String) -> String {
        """
        <wsse:Security s:mustUnderstand="1" xmlns:wsse="\(self.security)"><wsse:UsernameToken>\
        <wsse:Username>\(user)</wsse:Username>\
        <wsse:Password Type="\(self.token)#PasswordText">\(password)</wsse:Password>\
        </wsse:UsernameToken></wsse:Security>
        """
    }

    private static func envelope(action: String, header: String, body: String) -> String {
        """
        <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing" \
        xmlns:u="\(self.utility)"><s:Header><a:Action s:mustUnderstand="1">\(action)</a:Action>\
        <a:MessageID>urn:uuid:0d5a1441-5891-453b-becf-a2e5f6ea3749</a:MessageID>\
        <a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>\
        <a:To s:mustUnderstand="1">https://enterpriseenrollment.corp.example/EnrollmentServer/</a:To>\
        \(header)</s:Header><s:Body>\(body)</s:Body></s:Envelope>
        """
    }
}
