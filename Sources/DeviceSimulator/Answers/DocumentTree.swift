internal import XMLKit

/// What every provisioning document has to be, whatever it provides ([MS-MDE2] § 2.2.9.1).
enum DocumentTree {
    static func read(_ octets: [UInt8], _ judge: Judge) throws(Deviation) -> Characteristic {
        let root: XMLElement
        do throws(XMLParseError) {
            root = try XMLDocument(parsing: octets).root
        } catch {
            throw Deviation(judge.step, .document, expected: "an XML document", found: "\(error)")
        }
        try judge.require(
            !octets.contains(10) && !octets.contains(13) && !octets.contains(9),
            .singleLine,
            "no line ends and tabs in the document",
            found: "some"
        )
        let version = root.attribute("version") ?? "none"
        try judge.require(
            root.localName == "wap-provisioningdoc" && version == "1.1",
            .documentShape,
            "wap-provisioningdoc of version 1.1",
            found: "\(root.localName) of version \(version)"
        )
        let tree = try Characteristic(root, judge)
        try judge.require(
            tree.all("RootCATrustedCertificates").isEmpty,
            .noTopLevelRoots,
            "no RootCATrustedCertificates at the top, which Windows 11 refuses",
            found: "one"
        )
        return tree
    }
}
