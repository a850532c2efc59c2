/// Fetches small things by `GET` (RFC 9110 §9.3.1): keys, tokens. Redirects are not followed.
package enum HTTPGet {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// The body of a 200 answer.
    ///
    /// - Parameters:
    ///   - url: `http` or `https`; the server's certificate is checked.
    ///   - limit: bytes of the body.
    ///   - milliseconds: for the whole transfer.
    ///   - authority: PEM file of the certificates that are believed; nil: the system's.
    package static func body(
        of url: String, limit: Int, milliseconds: Int, authority: String? = nil
    ) throws(Failure) -> [UInt8] {
        var options = HTTPClient.Options()
        options.totalTime = milliseconds
        options.connectTime = milliseconds
        options.authority = authority
        do {
            let (head, body) = try HTTPClient(options).exchange(.init("GET", url), limit: limit)
            guard head.status == 200 else { throw Failure(description: "\(url): answers \(head.status)") }
            return body
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(description: "\(url): \(error)")
        }
    }
}
