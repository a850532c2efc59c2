import MediaCore
import MediaStorage

/// All stores: the one that the service works in, and those of `MEDIA_STORES_FILE`; and which blobs go where.
package struct Stores: Sendable {
    /// Where new blobs of some kind go.
    struct Rule: Sendable {
        var store: String
        /// Empty: of any.
        var types: Set<MediaType> = []
        var minBytes: Int64 = 0
        var maxBytes = Int64.max
        /// Empty: of any, and of none.
        var entityTypes: Set<String> = []

        func matches(_ type: MediaType, _ size: Int64, _ entityType: String?) -> Bool {
            (types.isEmpty || types.contains(type)) && (minBytes...maxBytes).contains(size)
                && (entityTypes.isEmpty || entityType.map(entityTypes.contains) ?? false)
        }
    }

    let local: LocalStorage
    let others: [StoreDescription]
    private let rules: [Rule]
    private let fallback: String
    /// Where the second copy of each blob goes.
    let replica: String?
    /// Where what has come of uploads in pieces goes, for other hosts; nil: nowhere.
    let parts: String?

    /// - Throws: `Configuration.Failure` that says what is wrong with the file.
    package init(_ configuration: Configuration) throws(Configuration.Failure) {
        local = configuration.storage
        guard let path = configuration.optionalText(.storesFile) else {
            (others, rules, fallback, replica, parts) = ([], [], LocalStorage.name, nil, nil)
            return
        }
        do {
            let json = try StoreFile.json(path)
            let reader = StoreReader(clock: { Clock.now() })
            let known: Set<String> = ["stores", "rules", "default", "replica", "parts"]
            for member in json.object ?? [] where !known.contains(member.name) {
                throw StoreReader.Fault(
                    description: "\(member.name): is unknown; there are \(known.sorted().joined(separator: ", "))")
            }
            for (name, isGood) in [
                ("stores", json["stores"]?.object != nil),
                ("rules", json["rules"]?.array != nil || json["rules"] == nil),
                ("default", json["default"]?.string != nil || json["default"] == nil),
                ("replica", json["replica"]?.string != nil || json["replica"] == nil),
                ("parts", json["parts"]?.string != nil || json["parts"] == nil),
            ] where !isGood {
                throw StoreReader.Fault(
                    description:
                        "\(name): must be \(name == "stores" ? "an object" : name == "rules" ? "a list" : "a store's name")"
                )
            }
            others = try (json["stores"]?.object ?? []).map { try reader.read($0.name, $0.value) }
            rules = try (json["rules"]?.array ?? []).enumerated().map { try Self.rule($0.element, $0.offset) }
            fallback = json["default"]?.string ?? LocalStorage.name
            replica = json["replica"]?.string
            parts = json["parts"]?.string
            if parts == LocalStorage.name {
                throw StoreReader.Fault(description: "parts: are in the store 'local' anyway")
            }
            let names = Set(others.map(\.name) + [LocalStorage.name])
            for name in rules.map(\.store) + [fallback] + [replica, parts].compactMap(\.self)
            where !names.contains(name) {
                throw StoreReader.Fault(description: "there is no store '\(name)'")
            }
        } catch {
            throw Configuration.Failure(description: "\(Setting.storesFile.name): \(error)")
        }
    }

    private static func rule(_ json: JSON, _ index: Int) throws -> Rule {
        let fields = StoreFields(rule: index + 1, json)
        try fields.require(["store", "types", "minBytes", "maxBytes", "entityTypes"])
        var rule = Rule(store: try fields.text("store"))
        if let types = fields["types"] {
            let kinds = (types.array ?? []).compactMap { $0.string.flatMap(MediaType.init(rawValue:)) }
            guard !kinds.isEmpty, kinds.count == types.array?.count else {
                throw fields.fault(
                    "types", "must be a list of \(MediaType.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            rule.types = Set(kinds)
        }
        rule.minBytes = try fields.number("minBytes", 0...Int64.max) ?? 0
        rule.maxBytes = try fields.number("maxBytes", rule.minBytes...Int64.max) ?? .max
        if let entities = fields["entityTypes"] {
            let names = (entities.array ?? []).compactMap(\.string)
            guard !names.isEmpty, names.count == entities.array?.count else {
                throw fields.fault("entityTypes", "must be a list of texts")
            }
            rule.entityTypes = Set(names)
        }
        return rule
    }

    /// Whether blobs may lie elsewhere.
    package var hasOthers: Bool { !others.isEmpty }

    var names: [String] { [LocalStorage.name] + others.map(\.name) }

    /// Makes the folders of those on disks.
    package func prepare() throws {
        try local.prepare()
        for store in others { try (store.storage as? LocalStorage)?.prepare() }
    }

    func description(_ name: String) -> StoreDescription? { others.first { $0.name == name } }

    /// - Throws: 503 for a store that the settings don't have any longer.
    func storage(_ name: String) throws(Problem) -> any Storage {
        if name == LocalStorage.name { return local }
        guard let found = description(name) else {
            throw .unavailable("The store '\(name)' is not set up on this host.", retryAfter: 60)
        }
        return found.storage
    }

    /// Where a new blob goes.
    func store(for type: MediaType, size: Int64, entityType: String?) -> String {
        rules.first { $0.matches(type, size, entityType) }?.store ?? fallback
    }
}
