internal import CCurl

/// Opens the sockets of one handle, where the address guard lets it.
final class SocketOpener {
    private let addressGuard: AddressGuard
    /// What was refused since the request began, for the error: `127.0.0.1 (loopback)`.
    private(set) var refused: [String] = []

    init(_ addressGuard: AddressGuard) {
        self.addressGuard = addressGuard
    }

    func forget() {
        self.refused = []
    }

    private func open(_ address: UnsafePointer<curl_sockaddr>) -> curl_socket_t {
        var octets = [UInt8](repeating: 0, count: 16)
        let count = Int(ccurl_peer(address, &octets))
        // Another family than the internet's has no business here.
        guard count > 0 else { return CURL_SOCKET_BAD }
        let peer = Array(octets.prefix(count))
        if let kind = self.addressGuard.refusal(of: peer) {
            self.refused.append("\(AddressNetwork.text(of: peer)) (\(kind.rawValue))")
            return CURL_SOCKET_BAD
        }
        return ccurl_open_socket(address)
    }

    static let callback: ccurl_opener = { context, _, address in
        guard let context, let address else { return CURL_SOCKET_BAD }
        return Unmanaged<SocketOpener>.fromOpaque(context).takeUnretainedValue().open(address)
    }
}
