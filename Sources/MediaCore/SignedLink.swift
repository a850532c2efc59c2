/// A link to one private file that works for whoever has it: what its URL says.
///
/// The URL is `/m/<id>?e=<expiry>&k=<key id>&l=<link id>[&v=<variant>][&n=<network>][&d=<download name>][&u=1]&s=<signature>`. The
/// signature is an HMAC-SHA256 (RFC 2104) over all of it and over the record's link epoch, so a link ends with its time,
/// its own revocation, its key's, or a new epoch, and nothing of it can be changed.
package struct SignedLink: Equatable, Sendable {
    package static let parameterNames: Set<String> = ["e", "k", "l", "v", "n", "d", "u", "s"]

    package var mediaID: MediaID
    /// Seconds since 1970.
    package var expiresAt: Int64
    package var keyID: String
    package var linkID: LinkID
    /// What was made of the file, where the link opens that alone: its name, or how a picture is to be made, such as `640x480:cover`.
    package var variant: String?
    /// From where it may be used; nil: from everywhere.
    package var network: String?
    /// What the downloaded file is called, which also makes the answer a download; nil: as the record says.
    package var downloadName: String?
    /// Whether its uses are counted.
    package var isCounted: Bool

    package init(
        mediaID: MediaID, expiresAt: Int64, keyID: String, linkID: LinkID, variant: String? = nil,
        network: String? = nil, downloadName: String? = nil, isCounted: Bool = false
    ) {
        self.mediaID = mediaID
        self.expiresAt = expiresAt
        self.keyID = keyID
        self.linkID = linkID
        self.variant = variant
        self.network = network
        self.downloadName = downloadName
        self.isCounted = isCounted
    }

    /// The link and the signature that a query holds, or nil where that hasn't the form of one. Nothing is verified yet.
    ///
    /// - Parameter parameters: the query's values, decoded.
    package static func parse(
        mediaID: MediaID, _ parameters: (String) -> String?
    ) -> (link: SignedLink, signature: [UInt8])? {
        guard let expiry = parameters("e"), let expiresAt = Int64(expiry), expiresAt > 0, String(expiresAt) == expiry,
            let keyID = parameters("k"), LinkKeyID.isValid(keyID), let linkID = parameters("l").flatMap(LinkID.init),
            let signature = parameters("s").flatMap(Base64URL.decode), signature.count == 32
        else { return nil }
        let variant = parameters("v")
        if let variant, fault(inVariant: variant) != nil { return nil }
        let network = parameters("n")
        let name = parameters("d")
        if let network, Network(network) == nil { return nil }
        if let name, FileName.fault(in: name) != nil { return nil }
        switch parameters("u") {
        case nil, "1": break
        default: return nil
        }
        let link = SignedLink(
            mediaID: mediaID, expiresAt: expiresAt, keyID: keyID, linkID: linkID, variant: variant, network: network,
            downloadName: name, isCounted: parameters("u") != nil)
        return (link, signature)
    }

    /// What is wrong with what is to be a variant's name or a picture's form, or nil.
    package static func fault(inVariant text: String) -> String? {
        let isGood =
            (1...100).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || ".:-".utf8.contains($0)
            }
        return isGood ? nil : "must be a variant's name such as small or small.webp, or a form such as 640x480:cover"
    }

    /// What is signed.
    ///
    /// - Parameter epoch: the record's; to raise it ends all links of the file.
    package func message(epoch: Int64) -> [UInt8] {
        // No value holds a line break, and the only one with free text stands last.
        let lines =
            (variant.map { ["media-link-2", $0] } ?? ["media-link-1"]) + [
                mediaID.rawValue, String(expiresAt), keyID, linkID.rawValue, String(epoch), isCounted ? "counted" : "",
                network ?? "", downloadName ?? "",
            ]
        var message: [UInt8] = []
        message.reserveCapacity(256)
        for (index, line) in lines.enumerated() {
            if index > 0 { message.append(UInt8(ascii: "\n")) }
            message.append(contentsOf: line.utf8)
        }
        return message
    }

    /// The path and query of the link's URL.
    package func path(signature: [UInt8]) -> String {
        var path = "/m/\(mediaID)?e=\(expiresAt)&k=\(keyID)&l=\(linkID.rawValue)"
        if let variant { path += "&v=\(PercentEncoding.pathSegment(variant))" }
        if let network { path += "&n=\(PercentEncoding.pathSegment(network))" }
        if let downloadName { path += "&d=\(PercentEncoding.pathSegment(downloadName))" }
        if isCounted { path += "&u=1" }
        return path + "&s=\(Base64URL.encode(signature))"
    }

    /// When a link that is asked for now ends: at least `lifetime` seconds from now, rounded up to a window, so that
    /// whoever asks again in that window gets the same URL and caches keep what they have.
    ///
    /// - Parameters:
    ///   - lifetime: seconds.
    ///   - maxWindow: seconds; the window is also at most a tenth of the lifetime.
    package static func expiry(now: Timestamp, lifetime: Int, maxWindow: Int) -> Int64 {
        let window = Int64(max(1, min(maxWindow, lifetime / 10)))
        let end = (now.milliseconds + 999) / 1000 + Int64(lifetime)
        return (end + window - 1) / window * window
    }
}
