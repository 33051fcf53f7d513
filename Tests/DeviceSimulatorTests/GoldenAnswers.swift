import Foundation
import OpenSSLKit
import Testing

@testable import CurlKit
@testable import DeviceSimulator

/// Answers that break no rule, written by hand; tests change one thing at a time.
enum GoldenAnswers {
    static let messageID = "urn:uuid:5f0c2a11-7c1e-4d0b-9a42-6d1f3c9b8e70"

    static let discoverAction =
        "http://schemas.microsoft.com/windows/management/2012/01/enrollment/IDiscoveryService/DiscoverResponse"

    static let discovery = """
        <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">\
        <s:Header><a:Action s:mustUnderstand="1">\(discoverAction)</a:Action>\
        <a:RelatesTo>\(messageID)</a:RelatesTo></s:Header>\
        <s:Body><DiscoverResponse xmlns="http://schemas.microsoft.com/windows/management/2012/01/enrollment">\
        <DiscoverResult><AuthPolicy>OnPremise</AuthPolicy><EnrollmentVersion>3.0</EnrollmentVersion>\
        <EnrollmentPolicyServiceUrl>https://mdm.example.test/EnrollmentServer/Policy.svc</EnrollmentPolicyServiceUrl>\
        <EnrollmentServiceUrl>https://mdm.example.test/EnrollmentServer/Enrollment.svc</EnrollmentServiceUrl>\
        </DiscoverResult></DiscoverResponse></s:Body></s:Envelope>
        """

    static let policyAction =
        "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy/IPolicy/GetPoliciesResponse"

    static let policy = """
        <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">\
        <s:Header><a:Action s:mustUnderstand="1">\(policyAction)</a:Action>\
        <a:RelatesTo>\(messageID)</a:RelatesTo></s:Header>\
        <s:Body xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><GetPoliciesResponse \
        xmlns="http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"><response>\
        <policyID>{8a7f}</policyID><policyFriendlyName i:nil="true"/><nextUpdateHours i:nil="true"/>\
        <policiesNotChanged i:nil="true"/><policies><policy><policyOIDReference>1</policyOIDReference>\
        <cAs i:nil="true"/><attributes><commonName>Device</commonName><policySchema>3</policySchema>\
        <certificateValidity><validityPeriodSeconds>31536000</validityPeriodSeconds>\
        <renewalPeriodSeconds>3628800</renewalPeriodSeconds></certificateValidity>\
        <permission><enroll>true</enroll><autoEnroll>false</autoEnroll></permission><privateKeyAttributes>\
        <minimalKeyLength>2048</minimalKeyLength><keySpec i:nil="true"/><keyUsageProperty i:nil="true"/>\
        <permissions i:nil="true"/><algorithmOIDReference i:nil="true"/><cryptoProviders>\
        <provider>Microsoft Platform Crypto Provider</provider>\
        <provider>Microsoft Software Key Storage Provider</provider></cryptoProviders></privateKeyAttributes>\
        <revision><majorRevision>1</majorRevision><minorRevision>0</minorRevision></revision>\
        <supersededPolicies i:nil="true"/><privateKeyFlags i:nil="true"/><subjectNameFlags i:nil="true"/>\
        <enrollmentFlags i:nil="true"/><generalFlags i:nil="true"/>\
        <hashAlgorithmOIDReference>0</hashAlgorithmOIDReference><rARequirements i:nil="true"/>\
        <keyArchivalAttributes i:nil="true"/><extensions i:nil="true"/></attributes></policy></policies></response>\
        <cAs i:nil="true"/><oIDs><oID><value>2.16.840.1.101.3.4.2.1</value><group>1</group>\
        <oIDReferenceID>0</oIDReferenceID><defaultName>sha256</defaultName></oID>\
        <oID><value>1.3.6.1.4.1.311.21.8.7</value><group>9</group><oIDReferenceID>1</oIDReferenceID>\
        <defaultName i:nil="true"/></oID></oIDs></GetPoliciesResponse></s:Body></s:Envelope>
        """

    static let tokenAction = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment/RSTRC/wstep"

    static let token = """
        <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing" \
        xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd" \
        xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">\
        <s:Header><a:Action s:mustUnderstand="1">\(tokenAction)</a:Action><a:RelatesTo>\(messageID)</a:RelatesTo>\
        <o:Security s:mustUnderstand="1"><u:Timestamp u:Id="_0"><u:Created>2026-11-20T04:00:00.000Z</u:Created>\
        <u:Expires>2026-11-20T04:05:00.000Z</u:Expires></u:Timestamp></o:Security></s:Header><s:Body>\
        <RequestSecurityTokenResponseCollection xmlns="http://docs.oasis-open.org/ws-sx/ws-trust/200512">\
        <RequestSecurityTokenResponse>\
        <TokenType>http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentToken</TokenType>\
        <DispositionMessage xmlns="http://schemas.microsoft.com/windows/pki/2009/01/enrollment"/>\
        <RequestedSecurityToken><o:BinarySecurityToken \
        ValueType="http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentProvisionDoc" \
        EncodingType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd#base64binary">\
        PGE+PC9hPg==</o:BinarySecurityToken></RequestedSecurityToken>\
        <RequestID xmlns="http://schemas.microsoft.com/windows/pki/2009/01/enrollment">0</RequestID>\
        </RequestSecurityTokenResponse></RequestSecurityTokenResponseCollection></s:Body></s:Envelope>
        """

    static let fault = """
        <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">\
        <s:Header><a:Action s:mustUnderstand="1">\(tokenAction)</a:Action><a:RelatesTo>\(messageID)</a:RelatesTo>\
        </s:Header><s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode>\
        <s:Value>s:Authorization</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en-US">Too many devices.\
        </s:Text></s:Reason><s:Detail><DeviceEnrollmentServiceError \
        xmlns="http://schemas.microsoft.com/windows/pki/2009/01/enrollment"><ErrorType>DeviceCapReached</ErrorType>\
        <Message>Too many devices.</Message><TraceId>K7Q4-9M2X-TC3H</TraceId></DeviceEnrollmentServiceError></s:Detail>\
        </s:Fault></s:Body></s:Envelope>
        """

    /// A provisioning document around any three certificates.
    static func document(
        root: [UInt8] = Array("root".utf8),
        issuer: [UInt8] = Array("issuer".utf8),
        leaf: [UInt8] = Array("leaf".utf8),
        store: String = "User"
    ) throws -> String {
        func node(_ der: [UInt8]) throws -> String {
            """
            <characteristic type="\(Hexadecimal.upper(try Digest.sha1(der)))">\
            <parm name="EncodedCertificate" value="\(Base64.encode(der))"/></characteristic>
            """
        }
        return """
            <wap-provisioningdoc version="1.1"><characteristic type="CertificateStore">\
            <characteristic type="Root"><characteristic type="System">\(try node(root))</characteristic></characteristic>\
            <characteristic type="CA"><characteristic type="System">\(try node(issuer))</characteristic></characteristic>\
            </characteristic><characteristic type="CertificateStore"><characteristic type="My">\
            <characteristic type="\(store)">\(try node(leaf))<characteristic type="PrivateKeyContainer"/>\
            </characteristic><characteristic type="WSTEP"><characteristic type="Renew">\
            <parm name="ROBOSupport" value="true" datatype="boolean"/>\
            <parm name="RenewPeriod" value="60" datatype="integer"/>\
            <parm name="RetryInterval" value="4" datatype="integer"/></characteristic></characteristic>\
            </characteristic></characteristic><characteristic type="APPLICATION"><parm name="APPID" value="w7"/>\
            <parm name="PROVIDER-ID" value="Example"/><parm name="NAME" value="Example Ltd"/>\
            <parm name="ADDR" value="https://manage.example.test/omadm"/>\
            <parm name="BACKCOMPATRETRYDISABLED"/>\
            <characteristic type="APPAUTH"><parm name="AAUTHLEVEL" value="CLIENT"/>\
            <parm name="AAUTHTYPE" value="DIGEST"/><parm name="AAUTHSECRET" value="one"/>\
            <parm name="AAUTHDATA" value="AAECAwQFBgcICQoLDA0ODw=="/></characteristic>\
            <characteristic type="APPAUTH"><parm name="AAUTHLEVEL" value="APPSRV"/>\
            <parm name="AAUTHTYPE" value="DIGEST"/><parm name="AAUTHNAME" value="device"/>\
            <parm name="AAUTHSECRET" value="two"/>\
            <parm name="AAUTHDATA" value="EBESExQVFhcYGRobHB0eHw=="/></characteristic></characteristic>\
            <characteristic type="DMClient"><characteristic type="Provider"><characteristic type="Example">\
            <parm name="UPN" value="kim@example.test" datatype="string"/>\
            <parm name="EntDMID" value="6b1f0f0e" datatype="string"/><characteristic type="Poll">\
            <parm name="NumberOfFirstRetries" value="5" datatype="integer"/>\
            <parm name="IntervalForFirstSetOfRetries" value="15" datatype="integer"/>\
            <parm name="NumberOfSecondRetries" value="10" datatype="integer"/>\
            <parm name="IntervalForSecondSetOfRetries" value="60" datatype="integer"/>\
            <parm name="NumberOfRemainingScheduledRetries" value="0" datatype="integer"/>\
            <parm name="IntervalForRemainingScheduledRetries" value="1440" datatype="integer"/>\
            <parm name="PollOnLogin" value="true" datatype="boolean"/></characteristic></characteristic>\
            </characteristic></characteristic></wap-provisioningdoc>
            """
    }

    /// The provisioning document of a renewal around any certificate.
    static func renewal(leaf: [UInt8] = Array("leaf".utf8), store: String = "User") throws -> String {
        """
        <wap-provisioningdoc version="1.1"><characteristic type="CertificateStore"><characteristic type="My">\
        <characteristic type="\(store)"><characteristic type="\(Hexadecimal.upper(try Digest.sha1(leaf)))">\
        <parm name="EncodedCertificate" value="\(Base64.encode(leaf))"/>\
        <characteristic type="PrivateKeyContainer"/></characteristic></characteristic></characteristic>\
        </characteristic><characteristic type="APPLICATION"><parm name="PROVIDER-ID" value="Example"/>\
        </characteristic></wap-provisioningdoc>
        """
    }

    /// `text` as a server sends it.
    static func http(_ text: String, status: Int = 200) -> HTTPAnswer {
        HTTPAnswer(
            status: status,
            headers: [
                CurlHeader("Content-Type", "application/soap+xml; charset=utf-8"),
                CurlHeader("Content-Length", String(text.utf8.count)),
            ],
            body: Array(text.utf8)
        )
    }
}

/// One change to a golden answer and the rule it breaks.
struct Mutation: CustomTestStringConvertible, Sendable {
    let find: String
    let replacement: String
    let rule: ProtocolRule

    init(_ find: String, _ replacement: String, _ rule: ProtocolRule) {
        self.find = find
        self.replacement = replacement
        self.rule = rule
    }

    var testDescription: String { "\(self.rule.rawValue): \(self.find.prefix(60)) -> \(self.replacement.prefix(60))" }

    /// The first occurrence replaced.
    func apply(to text: String) throws -> String {
        let range = try #require(text.range(of: self.find), "the golden answer holds \(self.find)")
        return text.replacingCharacters(in: range, with: self.replacement)
    }
}
