/// Namespaces and addresses of the protocol, as the device knows them.
enum Names {
    static let envelope = "http://www.w3.org/2003/05/soap-envelope"
    static let addressing = "http://www.w3.org/2005/08/addressing"
    static let utility = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
    static let security = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
    static let trust = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
    static let authorization = "http://schemas.xmlsoap.org/ws/2006/12/authorization"
    static let instance = "http://www.w3.org/2001/XMLSchema-instance"
    static let discovery = "http://schemas.microsoft.com/windows/management/2012/01/enrollment"
    static let policy = "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"
    static let enrollment = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"

    static let base64 = Self.security + "#base64binary"
    static let passwordText =
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"
    static let deviceToken =
        "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentToken"
    static let provisioningDocument =
        "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentProvisionDoc"
}
