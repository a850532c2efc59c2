import MediaDatabase
import Testing

struct MariaDBErrorTests {
    @Test("what counts as a lost connection", arguments: [2000, 2002, 2006, 2013, 2999, 1053, 1927, 1040])
    func loss(code: UInt32) {
        let error = MariaDBError(code: .init(rawValue: code), message: "")
        #expect(error.isConnectionLoss && !error.isTransient)
    }

    @Test("what doesn't", arguments: [0, 1, 1045, 1062, 1146, 1205, 1213, 1969, 3000])
    func noLoss(code: UInt32) {
        #expect(!MariaDBError(code: .init(rawValue: code), message: "").isConnectionLoss)
    }

    @Test("a deadlock and a lock wait pass, a duplicate key stays")
    func transient() {
        #expect(MariaDBError(code: .deadlock, message: "").isTransient)
        #expect(MariaDBError(code: .lockWaitTimeout, message: "").isTransient)
        #expect(!MariaDBError(code: .duplicateKey, message: "").isTransient)
        #expect(!MariaDBError(code: .outcomeUnknown, message: "").isTransient)
    }

    @Test("codes match in patterns, and the text names the number")
    func matching() {
        let error = MariaDBError(code: .deadlock, sqlState: "40001", message: "lost")
        #expect(MariaDBError.Code.deadlock ~= error)
        #expect(!(MariaDBError.Code.duplicateKey ~= error))
        #expect(error.description == "MariaDB error 1213 (40001): lost")
    }
}
