-- compatible-from: orders/0002_buyers
-- What the marketplace keeps of the price. An older program, which knows of no such fee, leaves it at nothing.
ALTER TABLE orders ADD COLUMN seller_fee bigint NOT NULL DEFAULT 0;
