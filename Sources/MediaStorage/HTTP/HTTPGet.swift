import CCurl

/// Fetches small things by `GET` (RFC 9110 §9.3.1): keys, tokens. Redirects are not followed.
package enum HTTPGet {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// What a transfer collects; libcurl's callback sees it as a pointer.
    private final class Collector {
        var bytes: [UInt8] = []
        let limit: Int

        init(limit: Int) { self.limit = limit }
    }

    // libcurl wants this once, before any thread uses it.
    static let isPrepared = media_curl_global_init() == CURLE_OK

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
        guard isPrepared, let curl = curl_easy_init() else { throw Failure(description: "libcurl can't be used") }
        defer { curl_easy_cleanup(curl) }
        let collector = Collector(limit: limit)
        return try withExtendedLifetime(collector) { () throws(Failure) in
            try check(media_curl_set_text(curl, CURLOPT_URL, url), url)
            try check(media_curl_set_text(curl, CURLOPT_PROTOCOLS_STR, "http,https"), url)
            try check(media_curl_set_text(curl, CURLOPT_USERAGENT, "media-service"), url)
            if let authority { try check(media_curl_set_text(curl, CURLOPT_CAINFO, authority), url) }
            // Without signals: they would reach any thread.
            for (option, value) in [
                (CURLOPT_NOSIGNAL, 1), (CURLOPT_FOLLOWLOCATION, 0), (CURLOPT_TIMEOUT_MS, milliseconds),
                (CURLOPT_CONNECTTIMEOUT_MS, milliseconds),
            ] {
                try check(media_curl_set_number(curl, option, value), url)
            }
            let writer: @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int = {
                bytes, size, count, context in
                guard let bytes, let context else { return 0 }
                let collector = Unmanaged<Collector>.fromOpaque(context).takeUnretainedValue()
                guard collector.bytes.count + size * count <= collector.limit else { return 0 }
                collector.bytes += UnsafeRawBufferPointer(start: bytes, count: size * count)
                return size * count
            }
            try check(media_curl_set_writer(curl, writer, Unmanaged.passUnretained(collector).toOpaque()), url)
            let code = curl_easy_perform(curl)
            if code == CURLE_WRITE_ERROR { throw Failure(description: "\(url): longer than \(limit) bytes") }
            try check(code, url)
            var status = 0
            try check(media_curl_status(curl, &status), url)
            guard status == 200 else { throw Failure(description: "\(url): answers \(status)") }
            return collector.bytes
        }
    }

    private static func check(_ code: CURLcode, _ url: String) throws(Failure) {
        guard code == CURLE_OK else {
            throw Failure(description: "\(url): \(String(cString: curl_easy_strerror(code)))")
        }
    }
}
