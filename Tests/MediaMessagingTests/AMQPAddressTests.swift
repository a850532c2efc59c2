import MediaMessaging
import Testing

struct AMQPAddressTests {
    @Test("what a URL leaves out is the broker's default")
    func defaults() throws {
        let address = try #require(AMQPAddress("amqp://localhost"))
        #expect(address.host == "localhost" && address.port == 5672 && !address.usesTLS)
        #expect(address.user == "guest" && address.password == "guest" && address.virtualHost == "/")
        #expect(AMQPAddress("amqps://b.example/")?.port == 5671)
    }

    @Test("all parts, percent-encoded where they have to be")
    func all() throws {
        let address = try #require(AMQPAddress("amqps://us%40er:p%3Aa%2F%C3%BC@[::1]:5673/%2Fvh%20ost?heartbeat=5"))
        #expect(address.user == "us@er" && address.password == "p:a/ü" && address.host == "::1")
        #expect(address.port == 5673 && address.usesTLS && address.virtualHost == "/vh ost")
    }

    @Test(
        "what is no such URL",
        arguments: [
            "", "localhost", "http://localhost", "amqp://", "amqp:///vhost", "amqp://a:0", "amqp://a:65536",
            "amqp://a:x",
            "amqp://%zz@a", "amqp://a/%f", "amqp://[::1]x/", "amqp://u@:1/",
        ])
    func wrong(url: String) {
        #expect(AMQPAddress(url) == nil)
    }
}
