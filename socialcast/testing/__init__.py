"""What users and authors of publishers test with: the contract suite, a pytest plugin, a clock that moves the sandbox."""
