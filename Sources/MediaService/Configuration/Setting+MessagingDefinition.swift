/// The settings of events and of messages.
extension Setting {
    var eventDefinition: Definition {
        switch self {
        case .eventTime:
            Definition(
                form: .seconds(60...31_536_000), defaultText: "7d",
                summary:
                    "How long an event is tried to be delivered, and how long after that it can be replayed and its deliveries be looked up."
            )
        case .webhookTimeout:
            Definition(
                form: .seconds(1...300), defaultText: "15s", summary: "How long to wait for a webhook's receiver.")
        case .webhookConnections:
            Definition(
                form: .integer(1...256), defaultText: "8",
                summary: "Events that are sent to one webhook at the same time, of different records.")
        case .webhookPause:
            Definition(
                form: .seconds(1...86400), defaultText: "5m",
                summary: "The longest pause before a receiver that doesn't answer is tried again.")
        default: bridgeDefinition
        }
    }

    private var bridgeDefinition: Definition {
        switch self {
        case .brokerURL:
            Definition(
                form: .brokerURL, defaultText: "",
                summary: "RabbitMQ, for `mediad bridge`; without it the bridge takes no messages from there.",
                isSecret: true)
        case .brokerAuthority:
            Definition(
                form: .path, defaultText: "",
                summary:
                    "PEM file of the authority of the broker's certificate (`amqps`), which has to name the host by a name and not an address; the system's if unset."
            )
        case .brokerQueue:
            Definition(
                form: .text, defaultText: "media_queue", summary: "The queue that the platform's messages are in.")
        case .brokerQueueArguments:
            Definition(
                form: .arguments, defaultText: "x-message-ttl=60000,x-max-retries=3",
                summary: "What the queue is declared with where it isn't there yet; one that is stays as it is.")
        case .brokerDeadQueue:
            Definition(
                form: .text, defaultText: "media_queue.dead",
                summary: "The queue for messages that can't be carried out, with the reason in `x-reason`.")
        case .brokerExchange:
            Definition(
                form: .text, defaultText: "media_events",
                summary:
                    "The topic exchange that events are sent to, each by its type; made where it isn't there. `none`: there is none."
            )
        case .brokerConnections:
            Definition(
                form: .integer(1...256), defaultText: "4",
                summary: "Connections to the broker: so many messages are carried out at the same time.")
        case .brokerPrefetch:
            Definition(
                form: .integer(1...65535), defaultText: "16",
                summary: "Messages that the broker sends ahead on each of them.")
        case .brokerHeartbeat:
            Definition(
                form: .seconds(1...3600), defaultText: "30",
                summary: "A broker that is silent for twice as long is given up, and connected to anew.")
        case .brokerDeliveries:
            Definition(
                form: .integer(1...1000), defaultText: "10",
                summary: "A message during which the bridge died so often goes to the dead queue.")
        case .tcpListen:
            Definition(
                form: .endpoint, defaultText: "",
                summary:
                    "Where `mediad bridge` takes NestJS's TCP messages. Nobody is asked who they are there: only for the platform's own network."
            )
        case .tcpThreads:
            Definition(
                form: .integer(1...1024), defaultText: "8", summary: "TCP messages carried out at the same time.")
        case .tcpConnections:
            Definition(form: .integer(1...65536), defaultText: "1000", summary: "The most TCP connections.")
        default: nginxDefinition
        }
    }
}
