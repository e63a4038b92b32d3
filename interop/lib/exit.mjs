// Makes every unexpected error end the script with status 2, so that it is not
// taken for a refusal.
function fail(error) {
  console.error(error);
  process.exit(2);
}
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
