// node inflate.mjs FILE INTO: what Brotli has compressed, as it was.
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

const [compressed, into] = process.argv.slice(2);
await pipeline(createReadStream(compressed), createBrotliDecompress(), createWriteStream(into));
