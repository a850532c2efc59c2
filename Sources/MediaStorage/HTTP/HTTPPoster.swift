import CCurl

/// Sends by `POST` (RFC 9110 §9.3.3), several at the same time on one thread; connections stay open for the next one.
/// Redirects are not followed.
package final class HTTPPoster {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// How a request has ended.
    package struct Answer: Sendable {
        /// As it was given to `start`.
        package let tag: Int
        /// Nil where no answer came.
        package let status: Int?
        /// Why none came.
        package let failure: String?
        /// The first bytes of its body.
        package let head: [UInt8]
        /// Seconds; 0 where the answer doesn't ask for any.
        package let retryAfter: Int
        package let milliseconds: Int
    }

    /// What a transfer needs until it has ended; libcurl's callback sees it as a pointer.
    private final class Transfer {
        let tag: Int
        let begin = ContinuousClock.now
        var fields: UnsafeMutablePointer<curl_slist>?
        var head: [UInt8] = []

        init(tag: Int) { self.tag = tag }

        deinit { curl_slist_free_all(fields) }
    }

    /// Bytes of an answer's body that are kept; of the rest nothing is.
    private static let headBytes = 512

    private let multi: UnsafeMutableRawPointer
    private let milliseconds: Int
    private var transfers: [UnsafeMutableRawPointer: Transfer] = [:]
    private var unused: [UnsafeMutableRawPointer] = []

    /// - Parameter milliseconds: for a whole transfer.
    package init(milliseconds: Int) throws(Failure) {
        guard HTTPClient.isPrepared, let multi = curl_multi_init() else {
            throw Failure(description: "libcurl can't be used")
        }
        self.multi = multi
        self.milliseconds = milliseconds
    }

    deinit {
        cancel()
        for curl in unused { curl_easy_cleanup(curl) }
        curl_multi_cleanup(multi)
    }

    /// Ends all requests that are on their way.
    package func cancel() {
        for curl in transfers.keys {
            curl_multi_remove_handle(multi, curl)
            unused.append(curl)
        }
        transfers.removeAll()
    }

    /// How many requests are on their way.
    package var count: Int { transfers.count }

    /// Sends a request.
    ///
    /// - Parameters:
    ///   - url: `http` or `https`; the server's certificate is checked.
    ///   - fields: header fields, each such as `Name: value`.
    ///   - tag: which one it is, for its answer.
    package func start(_ url: String, fields: [String], body: [UInt8], tag: Int) throws(Failure) {
        guard let curl = unused.popLast() ?? curl_easy_init() else {
            throw Failure(description: "libcurl can't be used")
        }
        let transfer = Transfer(tag: tag)
        // From here on `cancel` ends it.
        transfers[curl] = transfer
        curl_easy_reset(curl)
        for field in fields { transfer.fields = curl_slist_append(transfer.fields, field) }
        try check(media_curl_set_text(curl, CURLOPT_URL, url))
        try check(media_curl_set_text(curl, CURLOPT_PROTOCOLS_STR, "http,https"))
        try check(media_curl_set_text(curl, CURLOPT_USERAGENT, "media-service"))
        // Without signals: they would reach any thread.
        for (option, value) in [
            (CURLOPT_NOSIGNAL, 1), (CURLOPT_FOLLOWLOCATION, 0), (CURLOPT_TIMEOUT_MS, milliseconds),
            (CURLOPT_CONNECTTIMEOUT_MS, milliseconds),
        ] {
            try check(media_curl_set_number(curl, option, value))
        }
        try check(media_curl_set_fields(curl, transfer.fields))
        try check(media_curl_set_body(curl, body, body.count))
        let writer: @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int = {
            bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            let room = HTTPPoster.headBytes - transfer.head.count
            if room > 0 {
                transfer.head += UnsafeRawBufferPointer(start: bytes, count: min(room, size * count))
            }
            return size * count
        }
        try check(media_curl_set_writer(curl, writer, Unmanaged.passUnretained(transfer).toOpaque()))
        guard curl_multi_add_handle(multi, curl) == CURLM_OK else {
            throw Failure(description: "libcurl takes no more transfers")
        }
    }

    /// Waits until a request has ended.
    ///
    /// - Parameter milliseconds: for which to wait at most.
    /// - Returns: nil where none has, or none is on its way.
    package func next(milliseconds: Int = .max) throws(Failure) -> Answer? {
        let start = ContinuousClock.now
        while !transfers.isEmpty {
            var running: Int32 = 0
            guard curl_multi_perform(multi, &running) == CURLM_OK else { throw Failure(description: "libcurl fails") }
            var code = CURLE_OK
            if let ended = media_curl_ended(multi, &code), let transfer = transfers.removeValue(forKey: ended) {
                curl_multi_remove_handle(multi, ended)
                unused.append(ended)
                return Self.answer(transfer, ended, code)
            }
            let left = milliseconds == .max ? 1000 : milliseconds - Int(start.duration(to: .now) / .milliseconds(1))
            if left <= 0 { return nil }
            curl_multi_poll(multi, nil, 0, Int32(min(left, 1000)), nil)
        }
        return nil
    }

    private static func answer(_ transfer: Transfer, _ curl: UnsafeMutableRawPointer, _ code: CURLcode) -> Answer {
        var status = 0
        media_curl_status(curl, &status)
        var retryAfter: curl_off_t = 0
        media_curl_retry_after(curl, &retryAfter)
        return Answer(
            tag: transfer.tag, status: code == CURLE_OK ? status : nil,
            failure: code == CURLE_OK ? nil : String(cString: curl_easy_strerror(code)), head: transfer.head,
            retryAfter: Int(retryAfter), milliseconds: Int(transfer.begin.duration(to: .now) / .milliseconds(1)))
    }

    private func check(_ code: CURLcode) throws(Failure) {
        guard code == CURLE_OK else { throw Failure(description: String(cString: curl_easy_strerror(code))) }
    }
}
