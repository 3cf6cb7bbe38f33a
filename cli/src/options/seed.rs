//! `--seed` of the commands that fine-tune.

#[derive(clap::Args)]
pub struct SeedArgs {
    /// Seed of all random numbers; the same seed gives the same run
    #[arg(long, value_name = "N", default_value_t = 123)]
    pub seed: u64,
}
