/// The bodies of the requests, as Windows 11 25H2 fills them.
enum RequestBodies {
    /// `Discover` ([MS-MDE2] § 3.1.4.1.1.1).
    static func discover(user: SimulatedUser, profile: DeviceProfile) -> String {
        """
        <Discover xmlns="\(Names.discovery)"><request xmlns:i="\(Names.instance)">\
        <EmailAddress>\(Markup.escape(user.address))</EmailAddress>\
        <RequestVersion>\(profile.requestVersion)</RequestVersion>\
        <DeviceType>\(profile.deviceType)</DeviceType>\
        <ApplicationVersion>\(profile.applicationVersion)</ApplicationVersion>\
        <OSEdition>\(profile.osEdition)</OSEdition>\
        <AuthPolicies><AuthPolicy>OnPremise</AuthPolicy><AuthPolicy>Federated</AuthPolicy></AuthPolicies>\
        </request></Discover>
        """
    }

    /// `GetPolicies` ([MS-XCEP] § 3.1.4.1), with what Windows adds about its TPM.
    static func getPolicies() -> String {
        """
        <GetPolicies xmlns="\(Names.policy)" xmlns:xsi="\(Names.instance)"><client>\
        <lastUpdate xsi:nil="true"/><preferredLanguage xsi:nil="true"/>\
        <TPMManufacturer>Simulated</TPMManufacturer><TPMFirmwareVersion>1.0.0.0</TPMFirmwareVersion>\
        </client><requestFilter xsi:nil="true"/></GetPolicies>
        """
    }

    /// `RequestSecurityToken` of type Issue ([MS-MDE2] § 3.4.4.1.1.1).
    static func requestSecurityToken(request: String, items: [ContextItem]) -> String {
        self.requestSecurityToken("Issue", valueType: "\(Names.enrollment)#PKCS10", token: request, items: items)
    }

    /// `RequestSecurityToken` of type Renew ([MS-MDE2] § 3.5).
    static func renew(valueType: String, token: String, items: [ContextItem]) -> String {
        self.requestSecurityToken("Renew", valueType: valueType, token: token, items: items)
    }

    private static func requestSecurityToken(
        _ type: String,
        valueType: String,
        token: String,
        items: [ContextItem]
    ) -> String {
        var text = """
            <wst:RequestSecurityToken><wst:TokenType>\(Names.deviceToken)</wst:TokenType>\
            <wst:RequestType>\(Names.trust)/\(type)</wst:RequestType>\
            <wsse:BinarySecurityToken ValueType="\(valueType)" EncodingType="\(Names.base64)">\
            \(token)</wsse:BinarySecurityToken><ac:AdditionalContext xmlns="\(Names.authorization)">
            """
        for item in items {
            text += """
                <ac:ContextItem Name="\(item.name)"><ac:Value>\(Markup.escape(item.value))</ac:Value></ac:ContextItem>
                """
        }
        return text + "</ac:AdditionalContext></wst:RequestSecurityToken>"
    }
}
