internal import Synchronization

/// What a store calls the parts that it has got, in any order.
final class PartTags: Sendable {
    private let tags: Mutex<[String]>

    init(count: Int) {
        tags = Mutex(Array(repeating: "", count: count))
    }

    subscript(_ index: Int) -> String {
        get { tags.withLock { $0[index] } }
        set { tags.withLock { $0[index] = newValue } }
    }

    var all: [String] { tags.withLock { $0 } }
}
