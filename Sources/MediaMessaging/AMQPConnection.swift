internal import CRabbitMQ
internal import Glibc

/// A connection to a broker by AMQP 0-9-1: for one thread, which consumes on one channel and publishes what has to arrive on
/// another.
///
/// After an error it is of no more use: whoever holds it lets it go and makes a new one.
@safe
package final class AMQPConnection {
    /// What is consumed, acknowledged and answered.
    private static let consuming: amqp_channel_t = 1
    /// In confirm mode.
    private static let confirming: amqp_channel_t = 2

    private let state: amqp_connection_state_t
    private var hasConfirms = false
    private let maxBytes: Int
    /// The message whose frames are arriving.
    private var partial: AMQPMessage?
    /// Bytes of its body that have arrived.
    private var received: UInt64 = 0
    /// The last message that is done with and not acknowledged yet, and how many are.
    private var done: UInt64?
    private var doneCount = 0
    /// Whether the system holds back what is sent.
    private var isHolding = false
    /// Messages that came while something else was waited for.
    private var arrived: [AMQPMessage] = []
    /// How many messages were sent that the broker confirms.
    private var published: UInt64 = 0
    /// Up to which one of them it has confirmed all, and which ones after that.
    private var confirmed: UInt64 = 0
    private var confirmedAhead: Set<UInt64> = []

    /// Connects and logs in.
    ///
    /// - Parameters:
    ///   - heartbeat: seconds; a broker that stays silent for two of them is given up.
    ///   - timeout: seconds, for each step.
    ///   - maxBytes: where the body of a longer message is cut off.
    package init(_ address: AMQPAddress, heartbeat: Int, timeout: Int, maxBytes: Int) throws(AMQPError) {
        self.maxBytes = maxBytes
        unsafe state = amqp_new_connection()
        // From here on it is whole: where a step fails, it is let go and deinit ends it.
        try unsafe Self.open(state, address, timeout: timeout)
        _ = unsafe media_amqp_set_timeouts(state, Int32(timeout))
        let reply = unsafe media_amqp_login(
            state, address.virtualHost, Int32(heartbeat), address.user, address.password)
        try unsafe Self.check(reply, "log in")
        unsafe amqp_channel_open(state, Self.consuming)
        try unsafe Self.check(amqp_get_rpc_reply(state), "open a channel")
    }

    deinit {
        unsafe amqp_destroy_connection(state)
    }

    private static func open(
        _ state: amqp_connection_state_t, _ address: AMQPAddress, timeout: Int
    ) throws(AMQPError) {
        let socket: OpaquePointer?
        if address.usesTLS {
            unsafe socket = amqp_ssl_socket_new(state)
            guard let made = unsafe socket else { throw AMQPError(operation: "connect", reason: "no memory") }
            unsafe amqp_ssl_socket_set_verify_peer(made, 1)
            unsafe amqp_ssl_socket_set_verify_hostname(made, 1)
            let authority = address.authority ?? "/etc/ssl/certs/ca-certificates.crt"
            guard unsafe amqp_ssl_socket_set_cacert(made, authority) == AMQP_STATUS_OK.rawValue else {
                throw AMQPError(operation: "read \(authority)", reason: "no certificates there")
            }
            unsafe amqp_ssl_socket_set_ssl_versions(made, AMQP_TLSv1_2, AMQP_TLSvLATEST)
        } else {
            unsafe socket = amqp_tcp_socket_new(state)
        }
        guard let made = unsafe socket else { throw AMQPError(operation: "connect", reason: "no memory") }
        let status = unsafe media_amqp_open(made, address.host, Int32(address.port), Int32(timeout))
        try check(status, "connect to \(address.host):\(address.port)")
    }

    // MARK: Consuming

    /// Makes sure that a queue is there, and subscribes to it.
    ///
    /// - Parameters:
    ///   - arguments: those of the queue where it isn't there yet; one that is stays as it is.
    ///   - prefetch: how many messages may be here that aren't acknowledged.
    package func consume(_ queue: String, arguments: [(name: String, value: Int64)], prefetch: Int) throws(AMQPError) {
        try ensure(queue, arguments: arguments)
        unsafe amqp_basic_qos(state, Self.consuming, 0, UInt16(prefetch), 0)
        try unsafe Self.check(amqp_get_rpc_reply(state), "set the prefetch")
        let name = Array(queue.utf8)
        unsafe media_amqp_consume(state, Self.consuming, name, name.count)
        try unsafe Self.check(amqp_get_rpc_reply(state), "consume")
    }

    /// Makes a durable queue where there is none.
    package func ensure(_ queue: String, arguments: [(name: String, value: Int64)] = []) throws(AMQPError) {
        do {
            try declare(queue, isPassive: true, [])
        } catch  where error.code == 404 {
            // The broker has closed the channel, as it does on each such error.
            unsafe media_amqp_reopen(state, Self.consuming)
            try unsafe Self.check(amqp_get_rpc_reply(state), "open a channel")
            try declare(queue, isPassive: false, arguments)
        }
    }

    private func declare(
        _ queue: String, isPassive: Bool, _ arguments: [(name: String, value: Int64)]
    ) throws(AMQPError) {
        let name = Array(queue.utf8)
        unsafe media_amqp_declare(
            state, Self.consuming, name, name.count, isPassive ? 1 : 0, Int32(arguments.count),
            arguments.flatMap { Array($0.name.utf8) + [0] }, arguments.map(\.value))
        try unsafe Self.check(amqp_get_rpc_reply(state), "declare a queue")
    }

    /// The next message, or nil where none came in time.
    ///
    /// A body goes from the frames it comes in to where it stays; nothing else of it is kept.
    package func next(milliseconds: Int) throws(AMQPError) -> AMQPMessage? {
        if !arrived.isEmpty { return arrived.removeFirst() }
        if let message = try readAhead() { return message }
        try flush()
        let end = ContinuousClock.now + .milliseconds(milliseconds)
        while true {
            // A message that has begun comes to its end, or the heartbeats to theirs.
            let left = partial == nil ? max(0, Int((end - .now) / .milliseconds(1))) : 60_000
            let (message, isSilent) = try read(milliseconds: left)
            if let message { return message }
            if isSilent, partial == nil { return nil }
        }
    }

    /// The next message of which all has come.
    private func readAhead() throws(AMQPError) -> AMQPMessage? {
        while true {
            let (message, isSilent) = try read(milliseconds: 0)
            if message != nil || isSilent { return message }
        }
    }

    /// Takes one frame, if one comes.
    ///
    /// - Returns: the message that ends with it.
    private func read(milliseconds: Int) throws(AMQPError) -> (message: AMQPMessage?, isSilent: Bool) {
        var frame = unsafe amqp_frame_t()
        let status = unsafe media_amqp_wait(state, &frame, Int32(milliseconds))
        if status == AMQP_STATUS_TIMEOUT.rawValue { return (nil, true) }
        try Self.check(status, "read")
        defer { unsafe amqp_maybe_release_buffers_on_channel(state, frame.channel) }
        var isMultiple: Int32 = 0
        let tag = unsafe media_amqp_confirmed(&frame, &isMultiple)
        if tag > 0 { confirm(tag, isMultiple: isMultiple != 0) }
        if unsafe media_amqp_is_refusal(&frame) != 0 {
            throw AMQPError(operation: "publish", reason: "the broker refuses the message")
        }
        return (try unsafe take(&frame), false)
    }

    private func confirm(_ tag: UInt64, isMultiple: Bool) {
        if isMultiple { confirmed = max(confirmed, tag) } else { confirmedAhead.insert(tag) }
        confirmedAhead = confirmedAhead.filter { $0 > confirmed }
        while confirmedAhead.remove(confirmed + 1) != nil { confirmed += 1 }
    }

    /// - Returns: the message that ends with this frame.
    private func take(_ frame: inout amqp_frame_t) throws(AMQPError) -> AMQPMessage? {
        var text = unsafe amqp_bytes_t()
        if let end = unsafe media_amqp_end(&frame, &text) {
            throw unsafe AMQPError(operation: String(cString: end), reason: Self.text(text))
        }
        if let delivery = unsafe media_amqp_delivery(&frame) {
            partial = unsafe AMQPMessage(
                tag: delivery.pointee.delivery_tag, isRedelivered: delivery.pointee.redelivered != 0, replyTo: [],
                correlationID: [], body: [], size: 0)
            return nil
        }
        guard partial != nil, unsafe frame.channel == Self.consuming else { return nil }
        if let properties = unsafe media_amqp_properties(&frame) {
            partial?.replyTo = unsafe Self.bytes(media_amqp_reply_to(properties))
            partial?.correlationID = unsafe Self.bytes(media_amqp_correlation_id(properties))
            let size = unsafe frame.payload.properties.body_size
            partial?.size = size
            partial?.body.reserveCapacity(Int(min(size, UInt64(maxBytes))))
            received = 0
        } else if unsafe media_amqp_is_body(&frame) != 0 {
            let fragment = unsafe frame.payload.body_fragment
            received += UInt64(unsafe fragment.len)
            let room = maxBytes - (partial?.body.count ?? 0)
            unsafe partial?.body.append(
                contentsOf: UnsafeRawBufferPointer(start: fragment.bytes, count: min(fragment.len, room)))
        } else {
            return nil
        }
        guard let message = partial, received == message.size else { return nil }
        partial = nil
        return message
    }

    /// Acknowledges a message, of which all before it have been acknowledged or given back. Of many that come together several
    /// are acknowledged by one frame, and their answers go out together: each packet wakes the broker.
    package func acknowledge(_ tag: UInt64) throws(AMQPError) {
        done = tag
        doneCount += 1
        if !hasMore || doneCount >= Self.maxDone { try flush() }
    }

    /// No more than the broker may send ahead by default, or it would have to wait.
    private static let maxDone = 8

    /// Whether more has come that can be taken without waiting.
    private var hasMore: Bool {
        unsafe !arrived.isEmpty || amqp_frames_enqueued(state) != 0 || amqp_data_in_buffer(state) != 0
    }

    /// Sends what was held back.
    package func flush() throws(AMQPError) {
        if let tag = done {
            (done, doneCount) = (nil, 0)
            try Self.check(unsafe amqp_basic_ack(state, Self.consuming, tag, 1), "acknowledge")
        }
        hold(false)
    }

    /// The system itself sends what is held back after 0.2 s (tcp(7), TCP_CORK).
    private func hold(_ isHolding: Bool) {
        guard isHolding != self.isHolding else { return }
        self.isHolding = isHolding
        var value: Int32 = isHolding ? 1 : 0
        _ = unsafe setsockopt(
            amqp_get_sockfd(state), Int32(IPPROTO_TCP), TCP_CORK, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Gives a message back to its queue.
    package func requeue(_ tag: UInt64) throws(AMQPError) {
        try flush()
        try Self.check(unsafe amqp_basic_nack(state, Self.consuming, tag, 0, 1), "give back")
    }

    // MARK: Publishing

    /// Sends an answer; one that nobody waits for any more goes nowhere.
    package func answer(to queue: [UInt8], correlationID: [UInt8], _ body: [UInt8]) throws(AMQPError) {
        if hasMore { hold(true) }
        try publish(Self.consuming, exchange: "", key: queue, isDurable: false, correlationID: correlationID, body)
    }

    /// Makes sure that a durable exchange is there, of which one that isn't becomes a topic exchange.
    package func ensureExchange(_ exchange: String) throws(AMQPError) {
        let name = Array(exchange.utf8)
        unsafe media_amqp_declare_exchange(state, Self.consuming, name, name.count, 1)
        do {
            try unsafe Self.check(amqp_get_rpc_reply(state), "declare an exchange")
        } catch  where error.code == 404 {
            // The broker has closed the channel, as it does on each such error.
            unsafe media_amqp_reopen(state, Self.consuming)
            try unsafe Self.check(amqp_get_rpc_reply(state), "open a channel")
            unsafe media_amqp_declare_exchange(state, Self.consuming, name, name.count, 0)
            try unsafe Self.check(amqp_get_rpc_reply(state), "declare an exchange")
        }
    }

    /// Sends a message that survives the broker's restart, and waits until the broker has it.
    ///
    /// - Parameter reason: stands in the header field `x-reason`.
    package func publishConfirmed(
        key: String, correlationID: [UInt8] = [], reason: String = "", _ body: [UInt8]
    ) throws(AMQPError) {
        try turnConfirmsOn()
        try publish(
            Self.confirming, exchange: "", key: Array(key.utf8), isDurable: true, correlationID: correlationID,
            reason: reason, body)
        published += 1
        try awaitConfirms()
    }

    /// Sends a message that survives the broker's restart. Whether the broker has it `awaitConfirms` tells.
    ///
    /// - Parameters:
    ///   - messageID: by which it is known if it comes again.
    ///   - type: what the body is.
    package func publish(
        exchange: String, key: String, messageID: String, type: String, _ body: [UInt8]
    ) throws(AMQPError) {
        try turnConfirmsOn()
        try publish(
            Self.confirming, exchange: exchange, key: Array(key.utf8), isDurable: true, correlationID: [],
            messageID: messageID, type: type, body)
        published += 1
    }

    /// Waits until the broker has all that was sent.
    package func awaitConfirms() throws(AMQPError) {
        hold(false)
        while confirmed < published {
            let (message, isSilent) = try read(milliseconds: 30_000)
            if let message { arrived.append(message) }
            if isSilent { throw AMQPError(operation: "publish", reason: "the broker has not confirmed it") }
        }
    }

    /// Does nothing for a while but to keep the connection alive.
    package func idle(milliseconds: Int) throws(AMQPError) {
        if let message = try next(milliseconds: milliseconds) { arrived.append(message) }
    }

    private func turnConfirmsOn() throws(AMQPError) {
        if hasConfirms { return }
        unsafe amqp_channel_open(state, Self.confirming)
        try unsafe Self.check(amqp_get_rpc_reply(state), "open a channel")
        unsafe amqp_confirm_select(state, Self.confirming)
        try unsafe Self.check(amqp_get_rpc_reply(state), "turn confirms on")
        hasConfirms = true
    }

    private func publish(
        _ channel: amqp_channel_t, exchange: String, key: [UInt8], isDurable: Bool, correlationID: [UInt8],
        reason: String = "", messageID: String = "", type: String = "", _ body: [UInt8]
    ) throws(AMQPError) {
        let exchange = Array(exchange.utf8)
        let reason = Array(reason.utf8)
        let status = unsafe media_amqp_publish(
            state, channel, isDurable ? 1 : 0, exchange, exchange.count, key, key.count, correlationID,
            correlationID.count, reason, reason.count, messageID, type, body, body.count)
        try Self.check(status, "publish")
    }

    // MARK: Texts and errors

    private static func bytes(_ bytes: amqp_bytes_t) -> [UInt8] {
        unsafe Array(UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len))
    }

    private static func text(_ bytes: amqp_bytes_t) -> String {
        unsafe String(decoding: UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len), as: UTF8.self)
    }

    private static func check(_ status: Int32, _ operation: String) throws(AMQPError) {
        guard status < 0 else { return }
        throw unsafe AMQPError(operation: operation, reason: String(cString: amqp_error_string2(status)))
    }

    private static func check(_ reply: amqp_rpc_reply_t, _ operation: String) throws(AMQPError) {
        switch unsafe reply.reply_type {
        case AMQP_RESPONSE_NORMAL: return
        case AMQP_RESPONSE_LIBRARY_EXCEPTION: try check(unsafe reply.library_error, operation)
        default: break
        }
        var text = unsafe amqp_bytes_t()
        let code = unsafe media_amqp_reply_code(reply, &text)
        throw unsafe AMQPError(
            operation: operation, reason: code == 0 ? "the broker has closed the connection" : Self.text(text),
            code: Int(code))
    }
}
