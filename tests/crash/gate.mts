// One that goes through the gate again and again, as a process of its own.
//
// node gate.mts <folder> database|file <passes>    goes through, and looks whether anybody else is inside
// node gate.mts <folder> hold <ms> <times>         stays inside for so long, so that others have to put off what they write
//
// In Bun every second database is one of bun:sqlite. Where the gate is a file, who leaves writes the name of a dead process over his own, so each passage takes one over from a dead owner.
// Says "double <who>" for each other one who was met inside.
import { closeSync, openSync, readFileSync, unlinkSync, writeSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { bunSqlite, Gate } from "../../js-loader/src/perform/gate.ts";

const [folder = ".", kind = "database", passes = "1", times = "1"] = process.argv.slice(2);
const say = (line: string) => void writeSync(1, `${line}\n`);
const name = join(folder, "multi-auth.gate");
const marker = join(folder, "inside");
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether a process runs yet; one that is killed lets go of its locks before it is gone. */
function runs(pid: string): boolean {
	try {
		const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
		return !["Z", "X"].includes(fields[0] ?? "X") && (Number(fields[6]) & 4) === 0;
	} catch {
		return false;
	}
}

function look(): void {
	try {
		const other = readFileSync(marker, "utf8");
		if (other !== "" && runs(other)) say(`double ${other}`);
		unlinkSync(marker);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
	}
	const fd = openSync(marker, "wx", 0o600);
	writeSync(fd, String(process.pid));
	closeSync(fd);
}

say("ready");
await new Promise((resolve) => process.stdin.once("data", resolve).once("end", resolve));
process.stdin.destroy();
if (kind === "hold") {
	const gate = new Gate(name, undefined, true);
	for (let i = 0; i < Number(times); i++) {
		const leave = await gate.enter(60_000);
		await pause(Number(passes));
		leave?.();
		await pause(300);
	}
} else {
	const other = process.pid % 2 === 0 ? bunSqlite() : null;
	const gate = kind === "file" ? new Gate(name, null) : new Gate(name, other ?? undefined, true);
	for (let i = 0; i < Number(passes); i++) {
		const leave = await gate.enter(120_000);
		look();
		unlinkSync(marker);
		// A name that no process has: Linux gives out less than 2^22.
		if (kind === "file") writeFileSync(`${name}.pid`, `4194304 ${hostname()} ${process.pid}-${i}`);
		leave?.();
		say(`ack ${process.pid}-${i} 0`);
		if (kind === "file") await pause(0);
	}
}
process.exit(0);
