// Starts Pi's storage again and again, each time as a new Pi does, and says how many credentials it began with.
//
// node starts.mts <auth.json> <module of Pi> <starts> <tries>
//
// One that finds no credentials begins anew where it has tries left: a machine that stands still for as long as a Pi waits looks like a
// lock that is held too long, but not every time.
const [file = "", module = "", starts = "1", tries = "1"] = process.argv.slice(2);
const { AuthStorage } = await import(module);
for (let i = 0; i < Number(starts); i++) {
	let length = 0;
	for (let n = 0; n < Number(tries) && length === 0; n++) length = (await AuthStorage.create(file).list()).length;
	process.stdout.write(`began ${length}\n`);
	await new Promise((resolve) => setTimeout(resolve, 5));
}
process.exit(0);
