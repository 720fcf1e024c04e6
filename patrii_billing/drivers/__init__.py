# SPDX-License-Identifier: Apache-2.0
"""Other subscription engines, behind the port of the engine.

Each driver is a folder with a `build(conf)`, an entry point of the namespace
`patrii_billing.subscriptions`. It answers an engine.ports.SubscriptionEngine
whose words are those of domain.bridge, or None where its section of the
configuration names no engine; `internal` never does. Building connects to
nothing; InvalidInput names the option that cannot be meant.
"""
