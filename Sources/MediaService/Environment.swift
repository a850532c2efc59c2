package import Logging
package import MediaCore
package import MediaDatabase
package import MediaProcessing
package import MediaStorage

/// What all threads of a process share.
package struct Environment: Sendable {
    package let configuration: Configuration
    /// The store that the service works in.
    package var storage: LocalStorage { stores.local }
    package let stores: Stores
    package let allowedTypes: TypeAllowList
    package let detector: TypeDetector
    package let metrics: Metrics
    package let databaseGate = OutageGate()
    let linkSecrets: LinkSecrets
    package let tokens: TokenVerifier
    package let recorder = Recorder()
    let uploads = UploadKeeper()
    let storeLinks = StoreLinks()
    let totals: KnownTotals<Int64>
    let statistics: KnownTotals<MediaStatistics>
    package let logger: Logger
    /// Seconds: the setting, read once, since each download asks for it.
    let decisionLifetime: Int
    /// Whether events are sent to a broker; read once, too.
    let hasExchange: Bool

    /// - Throws: where a file that the settings name can't be used.
    package init(configuration: Configuration, metrics: Metrics) throws {
        self.configuration = configuration
        stores = try Stores(configuration)
        decisionLifetime = configuration.number(.decisionCache)
        totals = KnownTotals(seconds: configuration.number(.totalsKept))
        statistics = KnownTotals(seconds: configuration.number(.totalsKept))
        hasExchange = configuration.exchange != nil
        allowedTypes = configuration.allowedTypes
        detector = TypeDetector()
        self.metrics = metrics
        linkSecrets = LinkSecrets(configuration.list(.linkSecret))
        let level = Logger.Level(rawValue: configuration.text(.logLevel)) ?? .info
        logger = Logger(label: "media") { _ in JSONLogHandler(level: level) }
        tokens = try TokenVerifier(configuration, metrics: metrics, logger: logger)
    }

    /// What outside URLs start with.
    package var baseURL: String { configuration.text(.publicURL) }
}
