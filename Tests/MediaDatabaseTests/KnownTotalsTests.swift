import Foundation
@testable import MediaDatabase
import Testing

struct KnownTotalsTests {
    private final class Counter {
        var count: Int64 = 0
        var pause = 0.15

        func next() -> Int64 {
            if pause > 0 { Thread.sleep(forTimeInterval: pause) }
            count += 1
            return count
        }
    }

    private static let source = "media m WHERE m.type = ?"
    private let list = KnownTotals<Int64>.List(source: source, parameters: [.text("IMAGE")])

    @Test("what took long is not counted again for a while, each list by itself")
    func long() throws {
        let totals = KnownTotals<Int64>(seconds: 60)
        let counter = Counter()
        #expect(try totals.total(of: list, counter.next) == 1)
        #expect(try totals.total(of: list, counter.next) == 1)
        let other = KnownTotals<Int64>.List(source: Self.source, parameters: [.text("VIDEO")])
        #expect(try totals.total(of: other, counter.next) == 2)
        // Two texts that only look alike are two users of the database.
        let composed = KnownTotals<Int64>.List(source: Self.source, parameters: [.text("\u{e9}")])
        let decomposed = KnownTotals<Int64>.List(source: Self.source, parameters: [.text("e\u{301}")])
        #expect(try totals.total(of: composed, counter.next) == 3)
        #expect(try totals.total(of: decomposed, counter.next) == 4)
        #expect(try totals.total(of: list, counter.next) == 1)
    }

    @Test("after that it is, and where none is to be kept")
    func again() throws {
        let counter = Counter()
        let short = KnownTotals<Int64>(seconds: 1)
        #expect(try short.total(of: list, counter.next) == 1)
        Thread.sleep(forTimeInterval: 1.1)
        #expect(try short.total(of: list, counter.next) == 2)
        let none = KnownTotals<Int64>(seconds: 0)
        #expect(try none.total(of: list, counter.next) == 3)
        #expect(try none.total(of: list, counter.next) == 4)
    }

    @Test("while it is counted again, others get the one before")
    func renewal() throws {
        let totals = KnownTotals<Int64>(seconds: 1)
        let counter = Counter()
        #expect(try totals.total(of: list, counter.next) == 1)
        Thread.sleep(forTimeInterval: 1.1)
        let meanwhile = try totals.total(of: list) { () throws(MariaDBError) in
            let others = (0..<3).map { _ in try? totals.total(of: list, counter.next) }
            #expect(others == [1, 1, 1])
            Thread.sleep(forTimeInterval: 0.15)
            return counter.count + 1
        }
        #expect(meanwhile == 2)
        #expect(try totals.total(of: list, counter.next) == 2)
    }

    @Test("a failure is nobody's total")
    func failure() throws {
        let totals = KnownTotals<Int64>(seconds: 60)
        #expect(throws: MariaDBError.self) {
            try totals.total(of: list) { () throws(MariaDBError) in
                Thread.sleep(forTimeInterval: 0.15)
                throw MariaDBError(code: .statementTimeout, message: "")
            }
        }
        #expect(try totals.total(of: list) { 7 } == 7)
    }
}
