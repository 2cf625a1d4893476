// Starts Pi's storage again and again, each time as a new Pi does, and says how many credentials it began with.
//
// node starts.mts <auth.json> <module of Pi> <starts>
const [file = "", module = "", starts = "1"] = process.argv.slice(2);
const { AuthStorage } = await import(module);
for (let i = 0; i < Number(starts); i++) {
	const { length } = await AuthStorage.create(file).list();
	process.stdout.write(`began ${length}\n`);
	await new Promise((resolve) => setTimeout(resolve, 5));
}
process.exit(0);
