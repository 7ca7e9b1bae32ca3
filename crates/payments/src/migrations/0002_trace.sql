-- The step of a trace that recorded the intent, as a W3C traceparent: carrying it out goes on there.
ALTER TABLE payments ADD COLUMN trace text;
