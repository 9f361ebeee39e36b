CREATE TABLE orders (
    id text PRIMARY KEY,
    user_id text NOT NULL,
    status text NOT NULL,
    amount bigint NOT NULL, -- minor units
    currency text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    finalized_at timestamptz,
    payment_intent_id text,
    amount_received bigint
);

-- A refund names its payment alone.
CREATE INDEX ON orders (payment_intent_id);

CREATE TABLE order_lines (
    order_id text NOT NULL REFERENCES orders,
    product_id text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, product_id)
);

CREATE TABLE inventory (
    product_id text PRIMARY KEY,
    stock integer NOT NULL CHECK (stock >= 0),
    reserved integer NOT NULL CHECK (reserved >= 0)
);

CREATE TABLE stripe_events (
    id text PRIMARY KEY,
    type text NOT NULL,
    order_id text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    last_received_at timestamptz NOT NULL DEFAULT now(),
    deliveries integer NOT NULL DEFAULT 1
);

CREATE TABLE audit_log (
    event_id text PRIMARY KEY REFERENCES stripe_events,
    order_id text NOT NULL,
    result text NOT NULL,
    status_before text NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE notices (
    event_id text PRIMARY KEY REFERENCES stripe_events,
    user_id text NOT NULL,
    order_id text NOT NULL,
    type text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
