-- Some of the records behind a shape anomaly, where the rule has a sentence for each (dataDiff): where they are, and what differs.

ALTER TABLE anomaly ADD COLUMN records text; -- [{"file", "row", "line", "byte_offset", "message"}]; NULL = none were named
