import FoundationEssentials
import Glibc
import Logging
import MediaCore
import MediaHTTP
import MediaStorage
import Synchronization

/// The token issuer's JWK Set at a URL, kept in memory and, for the next start, in the run folder.
///
/// It is fetched beside the requests at an interval. A token that names a key not yet known has it fetched at once, but
/// not again for a while: whoever invents keys must not make this service flood the issuer.
final class RemoteKeySet: Sendable {
    /// Keys, and a number that changes with them.
    struct Known {
        var ring: KeyRing
        var version: Int
    }

    private struct State {
        var known: Known?
        /// The set's text.
        var bytes: [UInt8] = []
        var fetchedAt: Timestamp?
        var triedAt: Timestamp?
    }

    /// Bytes; sets of public keys have some thousands.
    private static let limit = 1 << 20
    /// For one fetch, during which requests with unknown keys wait.
    private static let milliseconds = 2000
    /// Seconds between fetches that unknown keys ask for, and while there are no keys at all.
    private static let pause = (known: 30, none: 2)

    private let url: String
    private let interval: Int
    private let staleLimit: Int
    private let copy: String
    private let metrics: Metrics
    private let logger: Logger
    private let state: Mutex<State>
    /// Held while keys are fetched, so that one thread does it and the keys known can be had meanwhile.
    private let fetching = Mutex(())

    /// - Parameters:
    ///   - interval: seconds between fetches.
    ///   - staleLimit: seconds for which keys hold that can't be fetched anew.
    init(url: String, interval: Int, staleLimit: Int, runFolder: String, metrics: Metrics, logger: Logger) {
        self.url = url
        self.interval = interval
        self.staleLimit = staleLimit
        copy = "\(runFolder)/token-keys.json"
        self.metrics = metrics
        self.logger = logger
        state = Mutex(Self.saved(copy, url) ?? State())
    }

    /// The keys, without waiting for any; nil where there are none, or what there is is too old.
    func known(_ now: Timestamp) -> Known? {
        state.withLock { state in
            guard let fetchedAt = state.fetchedAt, now < fetchedAt.adding(seconds: staleLimit) else { return nil }
            return state.known
        }
    }

    /// The keys, fetched if there are none.
    func keys(_ now: Timestamp) -> Known? {
        known(now) ?? fetched(now, pause: Self.pause.none)
    }

    /// The keys, fetched again if that wasn't done just now: one was missed in those known.
    func keysAnew(_ now: Timestamp) -> Known? {
        fetched(now, pause: Self.pause.known)
    }

    /// Fetches again and again, on a thread of its own.
    func startRefreshing() {
        Thread.start("token keys") { [self] in
            while true {
                let now = Clock.now()
                let age = state.withLock { $0.fetchedAt.map { now.milliseconds - $0.milliseconds } }
                if age.map({ $0 >= Int64(interval) * 1000 || $0 < 0 }) ?? true { _ = fetched(now, pause: 10) }
                sleep(1)
            }
        }
    }

    /// - Parameter pause: seconds that have to lie between this fetch and the one before.
    private func fetched(_ now: Timestamp, pause: Int) -> Known? {
        fetching.withLock { _ in
            let triedAt = state.withLock { $0.triedAt }
            if triedAt.map({ now >= $0.adding(seconds: pause) || now < $0 }) ?? true { fetch(now) }
        }
        return known(now)
    }

    /// The set at a URL, as its text and its usable keys.
    static func fetch(_ url: String) throws -> (bytes: [UInt8], ring: KeyRing) {
        let bytes = try HTTPGet.body(of: url, limit: limit, milliseconds: milliseconds)
        return (bytes, try KeyRing(jwks: bytes, isPublic: true))
    }

    private func fetch(_ now: Timestamp) {
        state.withLock { $0.triedAt = now }
        do {
            let (bytes, ring) = try Self.fetch(url)
            state.withLock { state in
                if state.bytes != bytes { state.known = Known(ring: ring, version: (state.known?.version ?? 0) + 1) }
                state.bytes = bytes
                state.fetchedAt = now
            }
            try save(bytes, now)
        } catch {
            metrics.add(.keyFetchesFailed)
            logger.error("the keys of tokens can't be fetched", metadata: ["error": "\(error)"])
        }
    }

    // MARK: The copy in the run folder

    /// Three lines: the URL, the moment in milliseconds, the set.
    private func save(_ bytes: [UInt8], _ now: Timestamp) throws {
        let head = Array("\(url)\n\(now.milliseconds)\n".utf8)
        try Data(head + bytes).write(to: URL(filePath: copy), options: .atomic)
    }

    private static func saved(_ path: String, _ url: String) -> State? {
        // There is none at the first start, and one that can't be read is only fetched again.
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { return nil }
        let lines = data.split(separator: UInt8(ascii: "\n"), maxSplits: 2)
        guard lines.count == 3, String(decoding: lines[0], as: UTF8.self) == url,
            let moment = Int64(String(decoding: lines[1], as: UTF8.self)),
            let ring = try? KeyRing(jwks: Array(lines[2]), isPublic: true)
        else { return nil }
        return State(
            known: Known(ring: ring, version: 1), bytes: Array(lines[2]), fetchedAt: Timestamp(milliseconds: moment))
    }
}
