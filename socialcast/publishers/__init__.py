"""One file per platform; each is imported only when a channel of its platform is used."""
